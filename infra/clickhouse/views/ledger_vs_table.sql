-- Question: is the sum of the ledger what the stock table says?
-- Grain: one row per SKU, figure (on_hand, reserved) and location (empty for reserved).
-- Columns: sku, figure, location; version = the newest version that both ledger and table have reached, at which they are
--   compared, so that a row under way is no difference; ledger, stock_table = units; difference = ledger - stock_table;
--   gaps = versions up to there that the ledger does not have (0 when it is whole).
CREATE OR REPLACE VIEW ledger_vs_table AS
WITH
    ledger AS
    (
        SELECT
            sku,
            event_id,
            any(movements.version) AS version,
            any(movements.location) AS location,
            any(on_hand_delta) AS on_hand_delta,
            any(reserved_delta) AS reserved_delta
        FROM movements
        GROUP BY sku, event_id
    ),
    reached AS
    (
        SELECT sku, max(version) AS last
        FROM ledger
        GROUP BY sku
    ),
    levels AS
    (
        SELECT
            stock_levels.sku AS sku,
            max(stock_levels.version) AS at_version,
            argMax(`locations.location`, stock_levels.version) AS locations,
            argMax(`locations.on_hand`, stock_levels.version) AS units,
            argMax(stock_levels.reserved, stock_levels.version) AS reserved
        FROM stock_levels
        INNER JOIN reached ON reached.sku = stock_levels.sku
        WHERE stock_levels.version <= reached.last
        GROUP BY sku
    ),
    gaps AS
    (
        SELECT ledger.sku AS sku, any(levels.at_version) - uniqExact(ledger.version) AS missing
        FROM ledger
        INNER JOIN levels ON levels.sku = ledger.sku
        WHERE ledger.version <= levels.at_version
        GROUP BY sku
    ),
    figures AS
    (
        SELECT ledger.sku AS sku, 'on_hand' AS figure, toString(ledger.location) AS location, on_hand_delta AS in_ledger, 0 AS in_table
        FROM ledger
        INNER JOIN levels ON levels.sku = ledger.sku
        WHERE ledger.version <= levels.at_version AND ledger.location != ''
        UNION ALL
        SELECT ledger.sku, 'reserved', '', reserved_delta, 0
        FROM ledger
        INNER JOIN levels ON levels.sku = ledger.sku
        WHERE ledger.version <= levels.at_version
        UNION ALL
        SELECT sku, 'on_hand', toString(location), 0, on_hand
        FROM levels
        ARRAY JOIN locations AS location, units AS on_hand
        UNION ALL
        SELECT sku, 'reserved', '', 0, reserved
        FROM levels
    )
SELECT
    figures.sku AS sku,
    figure,
    location,
    any(levels.at_version) AS version,
    sum(in_ledger) AS ledger,
    sum(in_table) AS stock_table,
    ledger - stock_table AS difference,
    any(gaps.missing) AS gaps
FROM figures
INNER JOIN levels ON levels.sku = figures.sku
LEFT JOIN gaps ON gaps.sku = figures.sku
GROUP BY sku, figure, location;
