-- The latest windows of each agreement: the rate window, by which alerts go, and the newest billing window that has units; with the
-- defects in units and the 95 % confidence interval of their rate.
-- E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927: the score interval.
WITH 1.959963984540054 AS z
SELECT
    r.program AS program,
    r.vendor AS vendor,
    r.agreement_id AS agreement_id,
    r.agreement AS agreement,
    r.kind AS kind,
    toUnixTimestamp(r.window_start) AS window_start_at,
    toUnixTimestamp(r.window_end) AS window_end_at,
    r.currency AS currency,
    r.units AS units,
    r.defects AS defects,
    r.value AS value,
    r.defect_value AS defect_value,
    r.defect_rate_units AS rate_units,
    r.defect_rate_value AS rate_value,
    if(units > 0, greatest(0, (rate_units + z * z / units / 2 - z * sqrt(rate_units * (1 - rate_units) / units + z * z / units / units / 4)) / (1 + z * z / units)), NULL) AS lower_bound,
    if(units > 0, least(1, (rate_units + z * z / units / 2 + z * sqrt(rate_units * (1 - rate_units) / units + z * z / units / units / 4)) / (1 + z * z / units)), NULL) AS upper_bound
FROM vendor_defect_rates AS r
WHERE r.kind = 'rate' OR r.units > 0
ORDER BY program, vendor, agreement, agreement_id, kind DESC, window_end_at DESC
LIMIT 1 BY program, vendor, agreement_id, kind
LIMIT 400
