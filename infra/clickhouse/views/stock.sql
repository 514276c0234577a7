-- Question: how does each SKU stand now?
-- Grain: one row per SKU of which a level was published.
-- Columns: sku, version; on_hand, reserved, safety_stock, available in units; locations = on_hand by location; channels =
--   units each channel may show; is_known = the ERP has told of the SKU; cause, as_of = what changed it last, and when;
--   recorded_at = when Kafka had it.
-- The row with the highest version counts, whenever and however often it came.
CREATE OR REPLACE VIEW stock AS
SELECT
    sku,
    max(stock_levels.version) AS version,
    argMax(stock_levels.on_hand, stock_levels.version) AS on_hand,
    argMax(stock_levels.reserved, stock_levels.version) AS reserved,
    argMax(stock_levels.safety_stock, stock_levels.version) AS safety_stock,
    argMax(stock_levels.available, stock_levels.version) AS available,
    argMax(mapFromArrays(`locations.location`, `locations.on_hand`), stock_levels.version) AS locations,
    argMax(mapFromArrays(`channels.channel`, `channels.available`), stock_levels.version) AS channels,
    argMax(stock_levels.is_known, stock_levels.version) AS is_known,
    argMax(stock_levels.cause, stock_levels.version) AS cause,
    argMax(stock_levels.as_of, stock_levels.version) AS as_of,
    argMax(_timestamp, stock_levels.version) AS recorded_at
FROM stock_levels
GROUP BY sku;
