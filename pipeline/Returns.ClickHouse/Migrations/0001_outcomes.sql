-- Item-level outcomes, one row per record of an outcome topic. (_topic, _partition, _offset) says which record: the sink
-- lands each at most once, and finds what it has landed by these columns. The minmax index makes that look-up cheap for new
-- offsets, because parts of older records end below them.
-- Event times choose the year only: a replay of old files brings months in seconds, and a part per month and batch is too many.
-- The deduplication window is counted in parts; it outlasts, many times over, how long an insert can still be under way.

CREATE TABLE IF NOT EXISTS grades
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    lpn String,
    program LowCardinality(String),
    facility LowCardinality(String),
    sku String,
    category LowCardinality(String),
    vendor Nullable(String),
    serial_number Nullable(String),
    revision Int32,
    kind String,
    grade LowCardinality(String),
    previous_grade Nullable(String),
    `limits.criterion` Array(String),
    `limits.value` Array(Float64),
    `limits.cap` Array(String),
    points Float64,
    confidence Float64,
    rule_version String,
    graded_at DateTime64(3, 'UTC'),
    intake_at DateTime64(3, 'UTC'),
    origin String,
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(graded_at)
ORDER BY (program, toDate(graded_at), category, lpn, revision)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS dispositions
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    lpn String,
    program LowCardinality(String),
    facility LowCardinality(String),
    sku String,
    category LowCardinality(String),
    vendor Nullable(String),
    grade LowCardinality(Nullable(String)),
    return_reason Nullable(String),
    ra_number Nullable(String),
    revision Int32,
    cause String,
    disposition LowCardinality(String),
    channel LowCardinality(Nullable(String)),
    previous_disposition Nullable(String),
    `candidates.disposition` Array(String),
    `candidates.channel` Array(Nullable(String)),
    `candidates.value` Array(Nullable(Decimal(19, 4))),
    `candidates.currency` Array(String),
    `candidates.outcome` Array(String),
    `candidates.detail` Array(Nullable(String)),
    blocks Array(String),
    expected_value Nullable(Decimal(19, 4)),
    expected_currency String,
    reference_price Nullable(Decimal(19, 4)),
    reference_currency String,
    cost Nullable(Decimal(19, 4)),
    cost_currency String,
    price_paid Nullable(Decimal(19, 4)),
    price_currency String,
    operator Nullable(String),
    override_reason Nullable(String),
    rule_version String,
    routed_at DateTime64(3, 'UTC'),
    intake_at DateTime64(3, 'UTC'),
    dwell_millis Int64,
    origin String,
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(routed_at)
ORDER BY (program, toDate(routed_at), category, lpn, revision)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS exceptions
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    lpn String,
    program LowCardinality(String),
    facility LowCardinality(String),
    sku Nullable(String),
    category LowCardinality(Nullable(String)),
    vendor Nullable(String),
    grade LowCardinality(Nullable(String)),
    revision Int32,
    state String,
    reason String,
    detail String,
    missing Array(String),
    raised_at DateTime64(3, 'UTC'),
    intake_at Nullable(DateTime64(3, 'UTC')),
    rule_version Nullable(String),
    origin String,
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(raised_at)
ORDER BY (program, toDate(raised_at), lpn, revision)
SETTINGS non_replicated_deduplication_window = 10000;

-- What could not be processed, from returns.dlq, and records of the outcome topics that cannot be read themselves. The source
-- columns say where the bytes first stood; the lineage columns say which record brought them here.
CREATE TABLE IF NOT EXISTS dead_letters
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    key Nullable(String),
    value Nullable(String),
    source_topic LowCardinality(String),
    source_partition Int32,
    source_offset Int64,
    error_class LowCardinality(String),
    error_message String,
    recorded_at DateTime64(3, 'UTC'),
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(recorded_at)
ORDER BY (error_class, source_topic, recorded_at)
SETTINGS non_replicated_deduplication_window = 10000;
