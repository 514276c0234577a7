-- Question: what became of each order?
-- Grain: one row per order key that a platform has reported.
-- Columns: order_key, platform, shop, channel, placed_at; status = the platform's newest word, lines and units wanted by it;
--   decision = open, accepted, rejected, cancelled or completed; cause = why it was not served (oversold for a rejected
--   order), else empty; reasons; first_seen_at and decided_at = when Kafka had the first report and the newest decision;
--   delivered_at, erp, erp_reference = when and where the ERP has it (NULL and empty until then).
-- A report or decision that was delivered twice counts once (by event_id); the order's own version decides which report is
-- newest, whenever it came.
CREATE OR REPLACE VIEW orders AS
WITH
    reported AS
    (
        SELECT
            order_key,
            any(order_changes.platform) AS platform,
            any(order_changes.shop) AS shop,
            any(order_changes.channel) AS channel,
            min(order_changes.placed_at) AS placed_at,
            argMax(order_changes.status, (source_version, received_at)) AS status,
            argMax(`lines.quantity`, (source_version, received_at)) AS quantities,
            min(_timestamp) AS first_seen_at
        FROM order_changes
        GROUP BY order_key
    ),
    told AS
    (
        SELECT
            order_key,
            event_id,
            any(record) AS record,
            any(decisions.cause) AS cause,
            any(decisions.reasons) AS reasons,
            min(_offset) AS place,
            min(_timestamp) AS decided_at
        FROM decisions
        GROUP BY order_key, event_id
    ),
    decided AS
    (
        SELECT
            order_key,
            argMax(record, place) AS newest,
            argMax(told.cause, place) AS newest_cause,
            argMax(told.reasons, place) AS newest_reasons,
            max(told.decided_at) AS newest_at
        FROM told
        GROUP BY order_key
    ),
    delivered AS
    (
        SELECT
            order_key,
            min(occurred_at) AS first_at,
            argMin(erp, occurred_at) AS erp,
            argMin(erp_reference, occurred_at) AS erp_reference
        FROM deliveries
        WHERE action = 'created'
        GROUP BY order_key
    )
SELECT
    reported.order_key AS order_key,
    platform,
    shop,
    channel,
    placed_at,
    status,
    length(quantities) AS lines,
    arraySum(quantities) AS units,
    transform(
        newest,
        ['OrderAccepted', 'OrderRejected', 'OrderCancelled', 'OrderCompleted'],
        ['accepted', 'rejected', 'cancelled', 'completed'],
        'open'
    ) AS decision,
    multiIf(newest = 'OrderRejected', 'oversold', newest = 'OrderCancelled', toString(newest_cause), '') AS cause,
    newest_reasons AS reasons,
    first_seen_at,
    if(newest = '', NULL, newest_at) AS decided_at,
    if(delivered.order_key = '', NULL, first_at) AS delivered_at,
    erp,
    erp_reference
FROM reported
LEFT JOIN decided ON decided.order_key = reported.order_key
LEFT JOIN delivered ON delivered.order_key = reported.order_key;
