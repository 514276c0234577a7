-- Question: how much was there of a SKU at an instant?  SELECT * FROM stock_as_of(sku = 'A-1', time = '2026-01-31 12:00:00')
-- Grain: one row, none if the SKU was not known then.
-- Columns: sku; version = newest version by then; on_hand, reserved, safety_stock, available = on_hand - reserved -
--   safety_stock; locations = on_hand by location.
-- By the time at which changes happened: a fact that was told late counts from when it happened, not from when it came.
CREATE OR REPLACE VIEW stock_as_of AS
WITH
    ledger AS
    (
        SELECT
            movements.sku AS sku,
            event_id,
            any(movements.version) AS version,
            any(movements.location) AS location,
            any(on_hand_delta) AS on_hand_delta,
            any(reserved_delta) AS reserved_delta,
            any(movements.safety_stock) AS safety
        FROM movements
        WHERE movements.sku = {sku:String} AND occurred_at <= {time:DateTime64(3, 'UTC')}
        GROUP BY movements.sku, event_id
    )
SELECT
    ledger.sku AS sku,
    max(ledger.version) AS version,
    sum(on_hand_delta) AS on_hand,
    sum(reserved_delta) AS reserved,
    argMaxIf(safety, ledger.version, safety >= 0) AS safety_stock,
    on_hand - reserved - safety_stock AS available,
    sumMapIf(map(toString(location), on_hand_delta), location != '') AS locations
FROM ledger
GROUP BY sku;
