-- Compliance: one row per record, with the record's place, as in 0001_outcomes.sql. Amounts are in the currency of their row, and
-- are never added across currencies.

CREATE TABLE IF NOT EXISTS vendor_windows
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    program LowCardinality(String),
    vendor String,
    agreement_id String,
    agreement String,
    kind LowCardinality(String),
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC'),
    figure LowCardinality(String),
    revision Int32,
    currency LowCardinality(String),
    units Int64,
    defects Int64,
    valued_units Int64,
    value Decimal(19, 4),
    defect_value Decimal(19, 4),
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(start)
ORDER BY (program, vendor, agreement_id, kind, start)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS vendor_alerts
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    alert_id String,
    program LowCardinality(String),
    vendor String,
    agreement_id String,
    agreement String,
    measure LowCardinality(String),
    state LowCardinality(String),
    at DateTime64(3, 'UTC'),
    raised_at DateTime64(3, 'UTC'),
    allowed Float64,
    rate Float64,
    lower_bound Float64,
    window_start DateTime64(3, 'UTC'),
    window_end DateTime64(3, 'UTC'),
    currency LowCardinality(String),
    units Int64,
    defects Int64,
    valued_units Int64,
    value Decimal(19, 4),
    defect_value Decimal(19, 4),
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(at)
ORDER BY (program, vendor, at)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS chargebacks
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    document_id String,
    kind LowCardinality(String),
    program LowCardinality(String),
    vendor String,
    sequence Int64,
    corrects Nullable(String),
    revision Int32,
    agreement_id String,
    agreement String,
    agreement_version String,
    window_start DateTime64(3, 'UTC'),
    window_end DateTime64(3, 'UTC'),
    currency LowCardinality(String),
    units Int64,
    defects Int64,
    valued_units Int64,
    value Decimal(19, 4),
    defect_value Decimal(19, 4),
    defects_charged Bool,
    `lines.kind` Array(String),
    `lines.units` Array(Int64),
    `lines.amount` Array(Decimal(19, 4)),
    total Decimal(19, 4),
    issued_at DateTime64(3, 'UTC'),
    dispute_until DateTime64(3, 'UTC'),
    respond_by DateTime64(3, 'UTC'),
    journal_partition Int32,
    journal_first_offset Int64,
    journal_last_offset Int64,
    journal_records Int64,
    journal_hash String,
    previous_hash Nullable(String),
    content_hash String,
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(issued_at)
ORDER BY (program, vendor, sequence)
SETTINGS non_replicated_deduplication_window = 10000;

-- The latest figures of each window: a rate window as of its last change, a billing window early, final or corrected.
CREATE OR REPLACE VIEW vendor_defect_rates AS
SELECT
    program, vendor, agreement_id, kind, if(kind = 'billing', start, NULL) AS billing_start,
    argMax(agreement, _offset) AS agreement,
    argMax(vendor_windows.start, _offset) AS window_start,
    argMax(vendor_windows.end, _offset) AS window_end,
    argMax(figure, _offset) AS figure,
    argMax(revision, _offset) AS revision,
    argMax(currency, _offset) AS currency,
    argMax(units, _offset) AS units,
    argMax(defects, _offset) AS defects,
    argMax(value, _offset) AS value,
    argMax(defect_value, _offset) AS defect_value,
    if(units > 0, defects / units, NULL) AS defect_rate_units,
    if(value > 0, toFloat64(defect_value) / toFloat64(value), NULL) AS defect_rate_value
FROM vendor_windows
GROUP BY program, vendor, agreement_id, kind, billing_start;

-- What each vendor was charged, corrections included, per window and currency.
CREATE OR REPLACE VIEW vendor_charges AS
SELECT
    program, vendor, agreement_id, window_start, window_end, currency,
    count() AS documents,
    sum(total) AS charged
FROM chargebacks
GROUP BY program, vendor, agreement_id, window_start, window_end, currency;
