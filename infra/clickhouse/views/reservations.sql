-- Question: how does the reservation of each order line stand?
-- Grain: one row per order line and SKU that the stock table has answered.
-- Columns: order_key, line_id, sku, channel; quantity = units asked for last, short = units that were missing then,
--   shipped = units that have left; state = reserved, oversold, partly_fulfilled, fulfilled, cancelled, expired or rejected;
--   reason = why it was released, else empty; first_at, last_at = when its first and last step happened; version = the
--   SKU's version after the last step.
-- The SKU's version orders the steps, not their arrival; a step that was delivered twice counts once.
CREATE OR REPLACE VIEW reservations AS
WITH
    steps AS
    (
        SELECT
            order_key, line_id, sku, event_id,
            any(record) AS record, any(reservation_events.channel) AS channel, any(reservation_events.quantity) AS quantity,
            any(reservation_events.short) AS short, any(kind) AS kind, any(reservation_events.reason) AS reason,
            any(is_complete) AS is_complete, any(reservation_events.version) AS version, min(occurred_at) AS at,
            min(_offset) AS place
        FROM reservation_events
        GROUP BY order_key, line_id, sku, event_id
    )
SELECT
    order_key,
    line_id,
    sku,
    max(steps.channel) AS channel,
    argMaxIf(steps.quantity, (steps.version, place), record IN ('StockReserved', 'StockOversold')) AS quantity,
    argMaxIf(steps.short, (steps.version, place), record IN ('StockReserved', 'StockOversold')) AS short,
    maxIf(steps.quantity, record = 'ReservationFulfilled') AS shipped,
    argMax(
        multiIf(
            record = 'StockReserved', 'reserved',
            record = 'StockOversold', 'oversold',
            record = 'ReservationReleased', toString(kind),
            is_complete, 'fulfilled',
            'partly_fulfilled'
        ),
        (steps.version, place)
    ) AS state,
    argMax(steps.reason, (steps.version, place)) AS reason,
    min(at) AS first_at,
    max(at) AS last_at,
    max(steps.version) AS version
FROM steps
GROUP BY order_key, line_id, sku;
