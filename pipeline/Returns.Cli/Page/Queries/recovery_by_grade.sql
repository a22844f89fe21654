-- Expected recovery over resale value as new by grade, all programs together, per currency, as the view of the same name defines it.
SELECT
    coalesce(grade, 'none') AS grade,
    currency,
    sum(units) AS units,
    sum(r.recovery_value) AS recovery_value,
    sum(r.resale_value) AS resale_value,
    if(resale_value > 0, toFloat64(recovery_value) / toFloat64(resale_value), NULL) AS rate
FROM recovery_rate_by_grade AS r
GROUP BY grade, currency
ORDER BY currency, grade
