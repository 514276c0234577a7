-- Question: which order lines were sold although the stock was not there, and what became of them?
-- Grain: one row per order line and SKU that was ever oversold.
-- Columns: order_key, line_id, sku, channel; quantity = units of the line, short = units missing when it was oversold first;
--   occurred_at = when the sale happened; state = how the line stands now (see reservations).
CREATE OR REPLACE VIEW oversells AS
WITH
    first_short AS
    (
        SELECT
            order_key,
            line_id,
            sku,
            argMin(reservation_events.quantity, version) AS quantity,
            argMin(reservation_events.short, version) AS short,
            min(reservation_events.occurred_at) AS occurred_at
        FROM reservation_events
        WHERE record = 'StockOversold'
        GROUP BY order_key, line_id, sku
    )
SELECT
    order_key,
    line_id,
    sku,
    reservations.channel AS channel,
    first_short.quantity AS quantity,
    first_short.short AS short,
    first_short.occurred_at AS occurred_at,
    reservations.state AS state
FROM first_short
INNER JOIN reservations USING (order_key, line_id, sku);
