-- Recovery. A decision says what it costs and weighs; settlements say what was paid; recovery_windows has every figure that was
-- sent, and recovery_current the latest of each window. Amounts are in the currency beside them, and are never added across
-- currencies. Rates come with the record: this schema has no formula for them.

ALTER TABLE dispositions
    ADD COLUMN IF NOT EXISTS handling_cost Nullable(Decimal(19, 4)) AFTER cost_currency,
    ADD COLUMN IF NOT EXISTS handling_currency String AFTER handling_cost,
    ADD COLUMN IF NOT EXISTS weight_grams Nullable(Int32) AFTER handling_currency;

CREATE TABLE IF NOT EXISTS settlements
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    settlement_id String,
    lpn String,
    program LowCardinality(String),
    payer LowCardinality(String),
    payer_name LowCardinality(String),
    revision Int32,
    amount Decimal(19, 4),
    currency LowCardinality(String),
    reference Nullable(String),
    paid_at DateTime64(3, 'UTC'),
    origin LowCardinality(String),
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(paid_at)
ORDER BY (program, toDate(paid_at), lpn, revision)
SETTINGS non_replicated_deduplication_window = 10000;

-- Early figures come by the second: they are dropped here when newer ones have been in recovery_current for hours.
CREATE TABLE IF NOT EXISTS recovery_windows
(
    _topic LowCardinality(String),
    _partition Int32,
    _offset Int64,
    program LowCardinality(String),
    origin LowCardinality(String),
    dimension LowCardinality(String),
    value String,
    span LowCardinality(String),
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC'),
    figure LowCardinality(String),
    revision Int32,
    units Int64,
    restocked Int64,
    refurbished Int64,
    resold Int64,
    returned_to_vendor Int64,
    donated Int64,
    written_off Int64,
    quarantined Int64,
    in_review Int64,
    kept_grams Int64,
    dwell_millis Int64,
    dwell_median_millis Nullable(Int64),
    dwell_p90_millis Nullable(Int64),
    write_off_rate Nullable(Float64),
    `dwell.buckets` Array(Int32),
    `dwell.counts` Array(Int64),
    `amounts.currency` Array(String),
    `amounts.valued_units` Array(Int64),
    `amounts.received_value` Array(Decimal(19, 4)),
    `amounts.decided_value` Array(Decimal(19, 4)),
    `amounts.written_off_value` Array(Decimal(19, 4)),
    `amounts.costed_units` Array(Int64),
    `amounts.handling_cost` Array(Decimal(19, 4)),
    `amounts.expected_units` Array(Int64),
    `amounts.expected_proceeds` Array(Decimal(19, 4)),
    `amounts.settled_units` Array(Int64),
    `amounts.settled_proceeds` Array(Decimal(19, 4)),
    `amounts.settled_expected` Array(Decimal(19, 4)),
    `amounts.rated_units` Array(Int64),
    `amounts.resale_value` Array(Decimal(19, 4)),
    `amounts.rated_recovery` Array(Decimal(19, 4)),
    `rates.currency` Array(String),
    `rates.write_off_rate` Array(Nullable(Float64)),
    `rates.recovery_rate` Array(Nullable(Float64)),
    `rates.cost_per_return` Array(Nullable(Decimal(19, 4))),
    `rates.net_recovery` Array(Decimal(19, 4)),
    _landed DateTime DEFAULT now(),
    INDEX by_offset _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYear(start)
ORDER BY (program, origin, span, dimension, value, start)
TTL _landed + INTERVAL 6 HOUR DELETE WHERE figure = 'early'
SETTINGS non_replicated_deduplication_window = 10000;

-- The sink writes each row here first, so that what is in recovery_windows is never missing here; the greatest offset stays.
CREATE TABLE IF NOT EXISTS recovery_current AS recovery_windows
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYear(start)
ORDER BY (program, origin, span, dimension, value, start);

-- The periods that reports hold their figures against; the one pinned last counts, none where it was cleared. Whole days of UTC.
CREATE TABLE IF NOT EXISTS baselines
(
    pinned_at DateTime64(3, 'UTC') DEFAULT now64(3),
    is_cleared Bool,
    from_day Date,
    to_day Date
)
ENGINE = MergeTree
ORDER BY pinned_at;

-- One row per window: the latest figures, and how final they are. dimension is one of program, facility, category,
-- product_line, grade, channel, vendor; span one of hour, day, month. A window from which every unit has moved away is left out.
CREATE OR REPLACE VIEW recovery AS
SELECT
    program, origin, dimension, value, span, start, end, figure, revision,
    units, units - quarantined - in_review AS decided, restocked, refurbished, resold, returned_to_vendor, donated, written_off, quarantined, in_review,
    write_off_rate, kept_grams / 1000 AS kept_kilograms, dwell_millis,
    dwell_median_millis / 1000 AS dwell_median_seconds, dwell_p90_millis / 1000 AS dwell_p90_seconds
FROM recovery_current FINAL
WHERE units != 0;

-- One row per window and currency.
CREATE OR REPLACE VIEW recovery_amounts AS
SELECT
    program, origin, dimension, value, span, start, end, figure, revision, units,
    currency, valued_units, received_value, decided_value, written_off_value, costed_units, handling_cost, expected_units, expected_proceeds,
    settled_units, settled_proceeds, settled_expected, rated_units, resale_value, rated_recovery,
    write_off_rate_value, recovery_rate, cost_per_return, net_recovery
FROM recovery_current FINAL
ARRAY JOIN
    amounts.currency AS currency, amounts.valued_units AS valued_units, amounts.received_value AS received_value, amounts.decided_value AS decided_value,
    amounts.written_off_value AS written_off_value, amounts.costed_units AS costed_units, amounts.handling_cost AS handling_cost,
    amounts.expected_units AS expected_units, amounts.expected_proceeds AS expected_proceeds, amounts.settled_units AS settled_units,
    amounts.settled_proceeds AS settled_proceeds, amounts.settled_expected AS settled_expected, amounts.rated_units AS rated_units,
    amounts.resale_value AS resale_value, amounts.rated_recovery AS rated_recovery,
    rates.write_off_rate AS write_off_rate_value, rates.recovery_rate AS recovery_rate, rates.cost_per_return AS cost_per_return, rates.net_recovery AS net_recovery;

-- The three headline metrics by month.
CREATE OR REPLACE VIEW monthly_write_off_rate AS
SELECT r.program AS program, r.origin AS origin, r.start AS month, r.value AS category, r.units AS units, r.decided AS decided, r.written_off AS written_off,
    r.write_off_rate AS write_off_rate_units, a.currency AS currency, a.decided_value AS decided_value, a.written_off_value AS written_off_value,
    a.write_off_rate_value AS write_off_rate_value, r.figure AS figure
FROM recovery AS r
LEFT JOIN recovery_amounts AS a ON a.program = r.program AND a.origin = r.origin AND a.dimension = r.dimension AND a.value = r.value AND a.span = r.span AND a.start = r.start
WHERE r.span = 'month' AND r.dimension = 'category' AND a.span IN ('month', '') AND a.dimension IN ('category', '');

CREATE OR REPLACE VIEW monthly_recovery_rate AS
SELECT program, origin, start AS month, value AS grade, units, currency, rated_units, resale_value, rated_recovery, recovery_rate, figure
FROM recovery_amounts
WHERE span = 'month' AND dimension = 'grade' AND rated_units != 0;

-- Per billing window, by the latest figures of compliance: what vendors were charged, corrections included, as a share of the cost
-- of their defective units.
CREATE OR REPLACE VIEW vendor_chargeback_recovery AS
SELECT w.program AS program, w.vendor AS vendor, w.agreement AS agreement, w.window_start AS window_start, w.window_end AS window_end, w.currency AS currency,
    w.units AS units, w.defects AS defects, w.defect_value AS defect_value, c.documents AS documents, toDecimal128(c.charged, 4) AS charged,
    if(defect_value > 0, toFloat64(charged) / toFloat64(defect_value), NULL) AS chargeback_recovery
FROM (SELECT * FROM vendor_defect_rates WHERE kind = 'billing') AS w
LEFT JOIN vendor_charges AS c ON c.program = w.program AND c.vendor = w.vendor AND c.agreement_id = w.agreement_id AND c.window_start = w.window_start AND c.currency = w.currency;

-- As 0002_items.sql has it, with what a decision costs and weighs.
CREATE OR REPLACE VIEW items AS
SELECT
    lpn,
    if(by_exception, e.1, d.1) AS program,
    if(by_exception, e.2, d.2) AS facility,
    if(by_exception, e.3, d.3) AS sku,
    if(by_exception, e.4, d.4) AS category,
    if(by_exception, e.5, d.5) AS vendor,
    if(by_exception, e.6, d.6) AS grade,
    if(by_exception, 'manual_review', if(d.7 = 'manual_review', 'manual_review', 'routed')) AS state,
    if(by_exception, 'manual_review', d.7) AS disposition,
    if(by_exception, NULL, d.8) AS channel,
    if(by_exception, NULL, d.9) AS expected_value,
    if(by_exception, '', d.10) AS expected_currency,
    if(by_exception, NULL, d.11) AS reference_price,
    if(by_exception, '', d.12) AS reference_currency,
    if(by_exception, NULL, d.13) AS cost,
    if(by_exception, '', d.14) AS cost_currency,
    if(state = 'manual_review' AND e_open AND e_revision >= d_revision, e.7, NULL) AS reason,
    if(by_exception, e.8, d.15) AS event_time,
    if(by_exception, e.9, d.16) AS intake_at,
    if(by_exception, e.10, d.17) AS origin,
    greatest(d_revision, if(e_open, e_revision, 0)) AS revision,
    if(by_exception, NULL, d.18) AS handling_cost,
    if(by_exception, '', d.19) AS handling_currency,
    if(by_exception, NULL, d.20) AS weight_grams,
    if(by_exception, NULL, d.21) AS dwell_millis
FROM
(
    SELECT
        lpn,
        argMaxIf(disposed, (revision, _offset), is_disposition) AS d,
        argMaxIf(raised, (revision, _offset), NOT is_disposition) AS e,
        maxIf(revision, is_disposition) AS d_revision,
        maxIf(revision, NOT is_disposition) AS e_revision,
        countIf(NOT is_disposition) > 0 AND e.11 = 'open' AS e_open,
        countIf(is_disposition) = 0 OR (e_open AND e_revision > d_revision) AS by_exception
    FROM
    (
        SELECT
            lpn, revision, _offset, true AS is_disposition,
            tuple(program, facility, CAST(sku AS Nullable(String)), CAST(category AS Nullable(String)), CAST(vendor AS Nullable(String)),
                CAST(grade AS Nullable(String)), toString(disposition), CAST(channel AS Nullable(String)), expected_value, toString(expected_currency),
                reference_price, toString(reference_currency), cost, toString(cost_currency), routed_at,
                CAST(intake_at AS Nullable(DateTime64(3, 'UTC'))), toString(origin), handling_cost, handling_currency, weight_grams,
                CAST(dwell_millis AS Nullable(Int64))) AS disposed,
            CAST(tuple('', '', NULL, NULL, NULL, NULL, NULL, 0, NULL, '', ''),
                'Tuple(String, String, Nullable(String), Nullable(String), Nullable(String), Nullable(String), Nullable(String), DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String)') AS raised
        FROM dispositions
        UNION ALL
        SELECT
            lpn, revision, _offset, false AS is_disposition,
            CAST(tuple('', '', NULL, NULL, NULL, NULL, '', NULL, NULL, '', NULL, '', NULL, '', 0, NULL, '', NULL, '', NULL, NULL),
                'Tuple(String, String, Nullable(String), Nullable(String), Nullable(String), Nullable(String), String, Nullable(String), Nullable(Decimal(19, 4)), String, Nullable(Decimal(19, 4)), String, Nullable(Decimal(19, 4)), String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, Nullable(Decimal(19, 4)), String, Nullable(Int32), Nullable(Int64))') AS disposed,
            tuple(program, facility, sku, CAST(category AS Nullable(String)), CAST(vendor AS Nullable(String)), CAST(grade AS Nullable(String)),
                CAST(reason AS Nullable(String)), raised_at, intake_at, toString(origin), toString(state)) AS raised
        FROM exceptions
    )
    GROUP BY lpn
);

-- The settlement of each unit that counts: the highest revision of those that recovery did not refuse.
CREATE OR REPLACE VIEW settled_units AS
SELECT lpn, program, settlement_id, revision, payer, payer_name, amount, currency, paid_at
FROM settlements
WHERE (_partition, _offset) NOT IN (SELECT source_partition, source_offset FROM dead_letters WHERE source_topic = 'returns.settlements')
ORDER BY lpn, revision DESC, _offset
LIMIT 1 BY lpn;
