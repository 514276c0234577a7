-- Question: how long does each hop of the data take?
-- Grain: one row per hop that something has passed.
-- Columns: place = order of the hops; hop; events; p50_ms, p99_ms, max_ms in milliseconds.
-- Hops: an order's change at the shop until Kafka has it (webhooks only; shops tell whole seconds); the newest report of an
--   order until it is accepted, rejected or cancelled; the decision until the ERP has taken it; a change of stock until a
--   shop has confirmed the new quantity; a change of stock until its ledger row is in ClickHouse; and of that, the part from
--   Kafka to ClickHouse.
-- An event that was delivered or stored twice counts once, by its first time. Clocks of shops may be ahead: less than
--   nothing counts as nothing.
CREATE OR REPLACE VIEW freshness AS
WITH
    reports AS
    (
        SELECT order_key, event_id, any(found_by) AS found, min(occurred_at) AS happened_at, min(_timestamp) AS kafka_at
        FROM order_changes
        GROUP BY order_key, event_id
    ),
    choices AS
    (
        SELECT order_key, event_id, min(_timestamp) AS kafka_at
        FROM decisions
        WHERE record != 'OrderCompleted'
        GROUP BY order_key, event_id
    ),
    ledger AS
    (
        SELECT
            event_id,
            min(occurred_at) AS happened_at,
            min(_timestamp) AS kafka_at,
            min(_inserted_at) AS stored_at
        FROM movements
        GROUP BY event_id
    ),
    hops AS
    (
        SELECT 1 AS place, 'shop event to Kafka' AS hop, dateDiff('millisecond', happened_at, kafka_at) AS ms
        FROM reports
        WHERE found = 'webhook'
        UNION ALL
        SELECT 2, 'Kafka to decision', dateDiff('millisecond', reports.kafka_at, choices.kafka_at)
        FROM choices
        ASOF INNER JOIN reports ON reports.order_key = choices.order_key AND reports.kafka_at <= choices.kafka_at
        UNION ALL
        SELECT 3, 'decision to ERP', any(delay_ms)
        FROM deliveries
        GROUP BY event_id
        UNION ALL
        SELECT 4, 'stock change to shop', dateDiff('millisecond', any(cause_at), min(acknowledged_at))
        FROM pushes
        WHERE outcome = 'accepted'
        GROUP BY event_id
        UNION ALL
        SELECT 5, 'stock change to ClickHouse', dateDiff('millisecond', happened_at, stored_at)
        FROM ledger
        UNION ALL
        SELECT 6, 'Kafka to ClickHouse', dateDiff('millisecond', kafka_at, stored_at)
        FROM ledger
    )
SELECT
    place,
    hop,
    count() AS events,
    quantileExact(0.5)(greatest(ms, 0)) AS p50_ms,
    quantileExact(0.99)(greatest(ms, 0)) AS p99_ms,
    max(greatest(ms, 0)) AS max_ms
FROM hops
GROUP BY place, hop
ORDER BY place;
