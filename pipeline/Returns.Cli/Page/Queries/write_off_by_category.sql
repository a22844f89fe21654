-- Write-off rate by category in units, all programs and months together: disposed of, among those with a final disposition.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    if(r.value = '', 'unknown', r.value) AS category,
    sum(r.decided) AS decided,
    sum(r.written_off) AS written_off,
    if(decided > 0, written_off / decided, NULL) AS rate
FROM recovery AS r
WHERE r.dimension = 'category' AND r.span = 'month' AND (r.origin = 'station') = measured
GROUP BY category
HAVING decided > 0
ORDER BY rate DESC, category
