-- Question: what share of the orders placed in an hour was not served, and why?
-- Grain: one row per hour in which orders were placed, platform and cause; cause 'all' is the sum of the causes and is there
--   for every hour with orders, also when nothing was cancelled.
-- Columns: hour, platform, cause (buyer, unpaid, oversold, ...); placed = orders placed in the hour; cancelled = those of
--   them that were cancelled or rejected since, for this cause; rate = cancelled / placed.
-- For a longer window: sum(cancelled) / sum(placed) of cause 'all'.
CREATE OR REPLACE VIEW cancellation_rate AS
WITH
    counted AS
    (
        SELECT toStartOfHour(placed_at) AS hour, platform, cause, count() AS orders_of_cause
        FROM orders
        GROUP BY hour, platform, cause
    ),
    shared AS
    (
        SELECT hour, platform, cause, orders_of_cause, sum(orders_of_cause) OVER (PARTITION BY hour, platform) AS placed
        FROM counted
    )
SELECT hour, platform, cause, placed, orders_of_cause AS cancelled, cancelled / placed AS rate
FROM shared
WHERE cause != ''
UNION ALL
SELECT
    hour,
    platform,
    'all' AS cause,
    any(shared.placed) AS placed,
    sumIf(orders_of_cause, shared.cause != '') AS cancelled,
    cancelled / placed AS rate
FROM shared
GROUP BY hour, platform;
