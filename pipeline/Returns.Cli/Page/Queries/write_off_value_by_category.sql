-- Write-off rate by category in value at the catalogue's cost, per currency, all programs and months together.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    if(a.value = '', 'unknown', a.value) AS category,
    a.currency AS currency,
    sum(a.decided_value) AS decided_value,
    sum(a.written_off_value) AS written_off_value,
    if(decided_value > 0, toFloat64(written_off_value) / toFloat64(decided_value), NULL) AS rate
FROM recovery_amounts AS a
WHERE a.dimension = 'category' AND a.span = 'month' AND (a.origin = 'station') = measured
GROUP BY category, currency
HAVING decided_value > 0
ORDER BY currency, rate DESC, category
