-- One row per unit: its latest outcome. Grade, disposition and exception of one outcome share its revision, and a higher
-- revision replaces a lower one. A unit is in manual review when its latest disposition says so, or when its latest exception
-- is open and newer than every disposition; a resolved exception changes nothing. Equal revisions, which triage does not
-- write, are told apart by offset.

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
    greatest(d_revision, if(e_open, e_revision, 0)) AS revision
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
                CAST(intake_at AS Nullable(DateTime64(3, 'UTC'))), toString(origin)) AS disposed,
            CAST(tuple('', '', NULL, NULL, NULL, NULL, NULL, 0, NULL, '', ''),
                'Tuple(String, String, Nullable(String), Nullable(String), Nullable(String), Nullable(String), Nullable(String), DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String, String)') AS raised
        FROM dispositions
        UNION ALL
        SELECT
            lpn, revision, _offset, false AS is_disposition,
            CAST(tuple('', '', NULL, NULL, NULL, NULL, '', NULL, NULL, '', NULL, '', NULL, '', 0, NULL, ''),
                'Tuple(String, String, Nullable(String), Nullable(String), Nullable(String), Nullable(String), String, Nullable(String), Nullable(Decimal(19, 4)), String, Nullable(Decimal(19, 4)), String, Nullable(Decimal(19, 4)), String, DateTime64(3, \'UTC\'), Nullable(DateTime64(3, \'UTC\')), String)') AS disposed,
            tuple(program, facility, sku, CAST(category AS Nullable(String)), CAST(vendor AS Nullable(String)), CAST(grade AS Nullable(String)),
                CAST(reason AS Nullable(String)), raised_at, intake_at, toString(origin), toString(state)) AS raised
        FROM exceptions
    )
    GROUP BY lpn
);

-- Units written off (disposed of) among units with a final disposition, and their value at the catalogue's cost, per currency of
-- that cost; an empty currency holds the units without one. Simulated and replayed units stay apart from measured ones.
CREATE OR REPLACE VIEW write_off_rate_by_category AS
SELECT
    program, category, origin, cost_currency AS currency,
    count() AS units,
    countIf(disposition = 'dispose') AS written_off_units,
    written_off_units / units AS write_off_rate_units,
    sum(cost) AS value,
    sumIf(cost, disposition = 'dispose') AS written_off_value,
    if(value > 0, toFloat64(written_off_value) / toFloat64(value), NULL) AS write_off_rate_value
FROM items
WHERE state = 'routed' AND disposition != 'quarantine'
GROUP BY program, category, origin, cost_currency;

-- Expected net recovery over the catalogue's resale value as new, for units with a final disposition where both are known in
-- one currency.
CREATE OR REPLACE VIEW recovery_rate_by_grade AS
SELECT
    program, grade, origin, reference_currency AS currency,
    count() AS units,
    sum(expected_value) AS recovery_value,
    sum(reference_price) AS resale_value,
    if(resale_value > 0, toFloat64(recovery_value) / toFloat64(resale_value), NULL) AS recovery_rate
FROM items
WHERE state = 'routed' AND disposition != 'quarantine' AND expected_currency = reference_currency AND expected_currency != ''
GROUP BY program, grade, origin, reference_currency;
