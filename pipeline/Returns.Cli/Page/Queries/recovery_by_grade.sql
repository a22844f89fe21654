-- Net recovery over resale value as new by grade, per currency, all programs and months together: of the units where both are known.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    if(a.value = '', 'none', a.value) AS grade,
    a.currency AS currency,
    sum(a.rated_units) AS units,
    sum(a.rated_recovery) AS recovery_value,
    sum(a.resale_value) AS resale_value,
    if(resale_value > 0, toFloat64(recovery_value) / toFloat64(resale_value), NULL) AS rate
FROM recovery_amounts AS a
WHERE a.dimension = 'grade' AND a.span = 'month' AND (a.origin = 'station') = measured
GROUP BY grade, currency
HAVING units > 0
ORDER BY currency, grade
