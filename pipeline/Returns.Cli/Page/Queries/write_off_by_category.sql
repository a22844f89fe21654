-- Write-off rate by category, all programs together, as the view of the same name defines it: units over all currencies; value per
-- currency of the cost. An empty currency holds the units without a cost.
SELECT
    category,
    currency,
    sum(units) AS units,
    sum(written_off_units) AS written_off_units,
    written_off_units / units AS rate_units,
    sum(w.value) AS value,
    coalesce(sum(w.written_off_value), 0) AS written_off_value,
    if(value > 0, toFloat64(written_off_value) / toFloat64(value), NULL) AS rate_value
FROM (SELECT * REPLACE coalesce(category, 'unknown') AS category FROM write_off_rate_by_category) AS w
GROUP BY GROUPING SETS ((category), (category, currency))
ORDER BY grouping(currency) DESC, rate_units DESC, category, currency
SETTINGS group_by_use_nulls = 1
