-- Question: why does a SKU stand as it stands?  SELECT * FROM why(sku = 'A-1')
-- Grain: one row per thing that happened to the SKU, in the order in which Kafka had it.
-- Columns: at = when it happened, recorded_at = when Kafka had it; source = ledger, order, ERP or shop; what; version,
--   on_hand_delta, reserved_delta, on_hand, reserved = the ledger's change and the figures after it (NULL elsewhere);
--   location, channel, order_key, line_id; reference = the ERP's own reference; because = reason in words;
--   event_id, cause_id = what it is and what caused it.
CREATE OR REPLACE VIEW why AS
WITH
    ledger AS
    (
        SELECT
            event_id,
            any(movements.version) AS version,
            any(movements.kind) AS kind,
            any(movements.location) AS location,
            any(movements.on_hand_delta) AS on_hand_delta,
            any(movements.reserved_delta) AS reserved_delta,
            any(movements.channel) AS channel,
            any(movements.order_key) AS order_key,
            any(movements.line_id) AS line_id,
            any(movements.reason) AS reason,
            any(movements.cause_id) AS cause_id,
            min(movements.occurred_at) AS at,
            min(_timestamp) AS recorded_at
        FROM movements
        WHERE sku = {sku:String}
        GROUP BY event_id
    ),
    facts AS
    (
        SELECT event_id, any(commands.reference) AS reference, any(commands.source) AS source
        FROM commands
        WHERE sku = {sku:String} AND record IN ('StockCounted', 'StockMoved', 'DemandCounted', 'ReservationFulfilled')
        GROUP BY event_id
    ),
    choices AS
    (
        SELECT
            event_id,
            any(decisions.order_key) AS order_key,
            any(record) AS record,
            any(decisions.channel) AS channel,
            any(reasons) AS reasons,
            any(decisions.cause) AS cause,
            any(decisions.cause_id) AS cause_id,
            min(occurred_at) AS at,
            min(_timestamp) AS recorded_at
        FROM decisions
        WHERE decisions.order_key IN (SELECT movements.order_key FROM movements WHERE sku = {sku:String} AND movements.order_key != '')
        GROUP BY event_id
    ),
    story AS
    (
        SELECT
            ledger.at AS at, ledger.recorded_at AS recorded_at, 'ledger' AS source, toString(ledger.kind) AS what,
            toNullable(ledger.version) AS version, toNullable(ledger.on_hand_delta) AS on_hand_delta,
            toNullable(ledger.reserved_delta) AS reserved_delta,
            toNullable(sum(ledger.on_hand_delta) OVER by_version) AS on_hand,
            toNullable(sum(ledger.reserved_delta) OVER by_version) AS reserved,
            toString(ledger.location) AS location, toString(ledger.channel) AS channel, ledger.order_key AS order_key,
            ledger.line_id AS line_id, facts.reference AS reference, ledger.reason AS because,
            ledger.event_id AS event_id, ledger.cause_id AS cause_id
        FROM ledger
        LEFT JOIN facts ON facts.event_id = ledger.cause_id
        WINDOW by_version AS (ORDER BY ledger.version)
        UNION ALL
        SELECT
            at, recorded_at, 'order', toString(record), NULL, NULL, NULL, NULL, NULL, '', toString(channel), order_key, '', '',
            arrayStringConcat(if(empty(reasons), [toString(cause)], reasons), '; '), event_id, cause_id
        FROM choices
        UNION ALL
        SELECT
            min(occurred_at), min(_timestamp), 'ERP', toString(any(action)), NULL, NULL, NULL, NULL, NULL, '', '',
            any(deliveries.order_key), '', any(erp_reference), '', deliveries.event_id, any(deliveries.cause_id)
        FROM deliveries
        WHERE deliveries.order_key IN (SELECT order_key FROM choices)
        GROUP BY deliveries.event_id
        UNION ALL
        SELECT
            min(acknowledged_at), min(_timestamp), 'shop', concat('shows ', toString(any(pushes.quantity)), ': ', any(outcome)),
            any(toNullable(stock_version)), NULL, NULL, NULL, NULL, '', toString(any(pushes.channel)), '', '', '',
            any(pushes.reason), pushes.event_id, any(pushes.cause_id)
        FROM pushes
        WHERE sku = {sku:String}
        GROUP BY pushes.event_id
    )
SELECT *
FROM story
ORDER BY recorded_at, version NULLS LAST, event_id;
