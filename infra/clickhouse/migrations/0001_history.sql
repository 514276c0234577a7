-- The history of every topic. One row per Kafka record; _topic, _partition and _offset say which.
-- ReplacingMergeTree drops a row that was stored twice under one offset; a record that was sent twice stays two rows
-- with one event_id, which the views count once.
-- The partitions of a table are months: an insert that crosses a month is more than one part, which is why the sink asks
-- for stored offsets one by one and trusts no maximum.

CREATE TABLE IF NOT EXISTS raw_deliveries
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    platform LowCardinality(String) COMMENT 'Platform, such as shopify',
    shop LowCardinality(String) COMMENT 'Shop''s short name',
    delivery_id String CODEC(ZSTD(1)) COMMENT 'The platform''s own id of the delivery',
    kind LowCardinality(String) COMMENT 'What kind it is',
    verdict LowCardinality(String) COMMENT 'accepted, or why not',
    reason String CODEC(ZSTD(1)) COMMENT 'Why, in one word or the words of who decided; else empty',
    headers Map(LowCardinality(String), String) COMMENT 'Headers as they came',
    body String CODEC(ZSTD(3)) COMMENT 'Body as it came, customer fields masked',
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the gateway had it',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (platform, shop, delivery_id, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per delivery of a platform, whatever its verdict (platform.raw.v1)';

CREATE TABLE IF NOT EXISTS order_changes
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    platform LowCardinality(String) COMMENT 'Platform, such as shopify',
    shop LowCardinality(String) COMMENT 'Shop''s short name',
    channel LowCardinality(String) COMMENT 'platform:shop',
    status LowCardinality(String) COMMENT 'The order''s status, in our words',
    `lines.line_id` Array(String) COMMENT 'The platform''s line id',
    `lines.sku` Array(LowCardinality(String)) COMMENT 'SKU of the line',
    `lines.quantity` Array(Int64) COMMENT 'Units wanted, as known then',
    source_version Int64 CODEC(T64, ZSTD(1)) COMMENT 'The order''s own version; the highest is the newest',
    reason String CODEC(ZSTD(1)) COMMENT 'Why, in one word or the words of who decided; else empty',
    found_by LowCardinality(String) COMMENT 'webhook, queue or backfill',
    placed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the buyer placed the order',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the gateway had it',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (order_key, source_version, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'One row per report of an order, the whole order each time (platform.orders.v1)';

CREATE TABLE IF NOT EXISTS listings
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    channel LowCardinality(String) COMMENT 'platform:shop',
    platform LowCardinality(String) COMMENT 'Platform, such as shopify',
    quantity Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units',
    source LowCardinality(String) COMMENT 'Who reported it',
    sample_id String CODEC(ZSTD(1)) COMMENT 'Joins listings and truth of one instant (market only); else empty',
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the quantity was shown',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, channel, observed_at, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per quantity seen at a shop (platform.listings.v1)';

CREATE TABLE IF NOT EXISTS pushes
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    channel LowCardinality(String) COMMENT 'platform:shop',
    platform LowCardinality(String) COMMENT 'Platform, such as shopify',
    quantity Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units',
    previous Int64 CODEC(T64, ZSTD(1)) COMMENT 'What the shop showed before, as far as known; -1 if unknown',
    outcome LowCardinality(String) COMMENT 'The shop''s answer',
    reason String CODEC(ZSTD(1)) COMMENT 'Why, in one word or the words of who decided; else empty',
    attempts Int64 CODEC(T64, ZSTD(1)) COMMENT 'Tries until then',
    stock_version Int64 CODEC(T64, ZSTD(1)) COMMENT 'Version of the SKU''s row that was shown',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    cause_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the change that caused it happened',
    acknowledged_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the shop had taken it',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, channel, acknowledged_at, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per quantity set at a shop (platform.pushes.v1)';

CREATE TABLE IF NOT EXISTS commands
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    record LowCardinality(String) COMMENT 'The contract''s name',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    line_id String CODEC(ZSTD(1)) COMMENT 'The platform''s line id',
    channel LowCardinality(String) COMMENT 'platform:shop',
    location LowCardinality(String) COMMENT 'Storage location; empty where none is concerned',
    quantity Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units',
    on_hand Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units physically there after it',
    safety_stock Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units held back; -1 where not concerned',
    reason LowCardinality(String) COMMENT 'Why, in one word or the words of who decided; else empty',
    reference String CODEC(ZSTD(1)) COMMENT 'The source''s own reference',
    source LowCardinality(String) COMMENT 'Who reported it',
    position Int64 CODEC(T64, ZSTD(1)) COMMENT 'Place in the source''s commit order; -1 if none',
    revision Int64 CODEC(T64, ZSTD(1)) COMMENT 'The order''s version that asked; -1 if none',
    is_firm Bool COMMENT 'Paid: never expires',
    expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the hold ends; NULL for never',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, occurred_at, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per command to a SKU''s row (inventory.commands.v1)';

CREATE TABLE IF NOT EXISTS stock_levels
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    version Int64 CODEC(T64, ZSTD(1)) COMMENT 'Version of the SKU''s row; rises by one with each movement',
    on_hand Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units physically there after it',
    reserved Int64 CODEC(T64, ZSTD(1)) COMMENT 'Sum of open reservations',
    safety_stock Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units held back; -1 where not concerned',
    available Int64 CODEC(T64, ZSTD(1)) COMMENT 'on_hand - reserved - safety_stock',
    `locations.location` Array(LowCardinality(String)) COMMENT 'Storage location',
    `locations.on_hand` Array(Int64) COMMENT 'Units there',
    `channels.channel` Array(LowCardinality(String)) COMMENT 'platform:shop',
    `channels.available` Array(Int64) COMMENT 'Units this channel may show',
    `channels.reserved` Array(Int64) COMMENT 'Units reserved through it',
    `channels.sold` Array(Int64) COMMENT 'Units sold through it less cancelled, ever',
    is_known Bool COMMENT 'False until the ERP has told of the SKU',
    cause LowCardinality(String) COMMENT 'What caused it',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the change happened',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, version, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per published state of a SKU (inventory.stock.v1)';

CREATE TABLE IF NOT EXISTS reservation_events
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    record LowCardinality(String) COMMENT 'The contract''s name',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    line_id String CODEC(ZSTD(1)) COMMENT 'The platform''s line id',
    channel LowCardinality(String) COMMENT 'platform:shop',
    quantity Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units',
    short Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units of the line that were not there',
    kind LowCardinality(String) COMMENT 'What kind it is',
    reason LowCardinality(String) COMMENT 'Why, in one word or the words of who decided; else empty',
    location LowCardinality(String) COMMENT 'Storage location; empty where none is concerned',
    on_hand Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units physically there after it',
    is_complete Bool COMMENT 'Nothing of the line is left to ship',
    position Int64 CODEC(T64, ZSTD(1)) COMMENT 'Place in the source''s commit order; -1 if none',
    source LowCardinality(String) COMMENT 'Who reported it',
    version Int64 CODEC(T64, ZSTD(1)) COMMENT 'Version of the SKU''s row; rises by one with each movement',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (order_key, line_id, version, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'One row per step of a reservation (inventory.reservations.v1)';

CREATE TABLE IF NOT EXISTS movements
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    version Int64 CODEC(T64, ZSTD(1)) COMMENT 'Version of the SKU''s row; rises by one with each movement',
    kind LowCardinality(String) COMMENT 'What kind it is',
    location LowCardinality(String) COMMENT 'Storage location; empty where none is concerned',
    on_hand_delta Int64 CODEC(T64, ZSTD(1)) COMMENT 'Change of on_hand at the location',
    on_hand Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units physically there after it',
    reserved_delta Int64 CODEC(T64, ZSTD(1)) COMMENT 'Change of reserved',
    sold_delta Int64 CODEC(T64, ZSTD(1)) COMMENT 'Change of the channel''s sold units',
    safety_stock Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units held back; -1 where not concerned',
    channel LowCardinality(String) COMMENT 'platform:shop',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    line_id String CODEC(ZSTD(1)) COMMENT 'The platform''s line id',
    quantity Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units',
    short Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units of the line that were not there',
    expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the hold ends; NULL for never',
    position Int64 CODEC(T64, ZSTD(1)) COMMENT 'Place in the source''s commit order; -1 if none',
    reason String CODEC(ZSTD(1)) COMMENT 'Why, in one word or the words of who decided; else empty',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, version, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'The ledger: one row per change of a SKU''s row, kept for ever (inventory.movements.v1)';

CREATE TABLE IF NOT EXISTS discrepancies
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    kind LowCardinality(String) COMMENT 'What kind it is',
    channel LowCardinality(String) COMMENT 'platform:shop',
    expected Int64 CODEC(T64, ZSTD(1)) COMMENT 'What should be',
    actual Int64 CODEC(T64, ZSTD(1)) COMMENT 'What is',
    cause String CODEC(ZSTD(1)) COMMENT 'What caused it',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sku, occurred_at, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'One row per disagreement found (inventory.discrepancies.v1)';

CREATE TABLE IF NOT EXISTS decisions
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    record LowCardinality(String) COMMENT 'The contract''s name',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    channel LowCardinality(String) COMMENT 'platform:shop',
    reasons Array(String) COMMENT 'Reasons, for people',
    `lines.line_id` Array(String) COMMENT 'The platform''s line id',
    `lines.sku` Array(LowCardinality(String)) COMMENT 'SKU of the line',
    `lines.quantity` Array(Int64) COMMENT 'Units wanted, as known then',
    cause LowCardinality(String) COMMENT 'What caused it',
    was_accepted Bool COMMENT 'The ERP may have the order already',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    placed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the buyer placed the order',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (order_key, occurred_at, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'One row per decision on an order (orders.decisions.v1)';

CREATE TABLE IF NOT EXISTS deliveries
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    order_key String CODEC(ZSTD(1)) COMMENT 'platform:shop:order',
    action LowCardinality(String) COMMENT 'What was done, or is to be done',
    erp LowCardinality(String) COMMENT 'Which ERP',
    erp_reference String CODEC(ZSTD(1)) COMMENT 'The ERP''s number of the order',
    attempts Int64 CODEC(T64, ZSTD(1)) COMMENT 'Tries until then',
    delay_ms Int64 CODEC(T64, ZSTD(1)) COMMENT 'Milliseconds from the decision''s record to the ERP''s answer',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (order_key, occurred_at, _partition, _offset)
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'One row per order or cancellation that the ERP took (orders.deliveries.v1)';

CREATE TABLE IF NOT EXISTS alerts
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    kind LowCardinality(String) COMMENT 'What kind it is',
    subject String CODEC(ZSTD(1)) COMMENT 'What the alarm is about',
    state LowCardinality(String) COMMENT 'open or closed',
    severity LowCardinality(String) COMMENT 'info, warning or critical',
    summary String CODEC(ZSTD(1)) COMMENT 'The alarm in a sentence',
    action String CODEC(ZSTD(1)) COMMENT 'What was done, or is to be done',
    cause_id String CODEC(ZSTD(1)) COMMENT 'event_id of what caused it',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (kind, subject, occurred_at, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per alarm opened or closed (ops.alerts.v1)';

CREATE TABLE IF NOT EXISTS truth
(
    event_id String CODEC(ZSTD(1)) COMMENT 'Id derived from what caused the event; the same again is the same event',
    sample_id String CODEC(ZSTD(1)) COMMENT 'Joins listings and truth of one instant (market only); else empty',
    sku LowCardinality(String) COMMENT 'The seller''s article number',
    on_hand Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units physically there after it',
    sellable Int64 CODEC(T64, ZSTD(1)) COMMENT 'Units that could really be sold',
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it happened, by the clock of its source',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (sample_id, sku, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'How the simulated market really was; not part of the product (market.truth.v1)';

CREATE TABLE IF NOT EXISTS erp_changes
(
    key String CODEC(ZSTD(1)) COMMENT 'The record''s key, untouched',
    table_name LowCardinality(String) COMMENT 'Table of the ERP''s database',
    op LowCardinality(String) COMMENT 'c, u, d, r (snapshot) or m (message)',
    lsn Int64 CODEC(T64, ZSTD(1)) COMMENT 'Position in the write-ahead log',
    tx_id Int64 CODEC(T64, ZSTD(1)) COMMENT 'The ERP database''s transaction',
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When the ERP committed it',
    captured_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When Debezium read it',
    value String CODEC(ZSTD(3)) COMMENT 'The record''s value, untouched',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (table_name, lsn, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per change of the ERP''s tables in commit order (erp.tryton.changes.v1)';

CREATE TABLE IF NOT EXISTS dead_letters
(
    original_topic LowCardinality(String) COMMENT 'Where the record failed',
    original_partition Int64 CODEC(T64, ZSTD(1)) COMMENT 'Its partition there',
    original_offset Int64 CODEC(T64, ZSTD(1)) COMMENT 'Its offset there',
    original_timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Its timestamp there',
    error_class LowCardinality(String) COMMENT 'Class of the error',
    error_message String CODEC(ZSTD(1)) COMMENT 'The error in words',
    error_stage LowCardinality(String) COMMENT 'decode, validate, map, apply or publish',
    attempts Int64 CODEC(T64, ZSTD(1)) COMMENT 'Tries until then',
    first_failed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'When it failed first',
    app_version LowCardinality(String) COMMENT 'Version of who gave up',
    key String CODEC(ZSTD(1)) COMMENT 'The record''s key, untouched',
    value String CODEC(ZSTD(3)) COMMENT 'The record''s value, untouched',
    headers Map(LowCardinality(String), String) COMMENT 'Headers as they came',
    _topic LowCardinality(String) COMMENT 'Kafka topic',
    _partition UInt16 CODEC(T64, ZSTD(1)) COMMENT 'Kafka partition',
    _offset UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset',
    _timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'Kafka''s timestamp of the record',
    _inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'When the row was stored here',
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (original_topic, original_partition, original_offset, _topic, _partition, _offset)
TTL toDateTime(_timestamp) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'One row per dead letter of any topic (<topic>.dlq)';

CREATE TABLE IF NOT EXISTS sink_offsets
(
    topic LowCardinality(String) COMMENT 'Kafka topic',
    partition UInt16 COMMENT 'Kafka partition',
    next_offset UInt64 COMMENT 'The first offset that is not stored yet; records before it may have made no row',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this was written'
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (topic, partition)
COMMENT 'How far the sink has come; written after the rows themselves';
