-- Write-off rate in units by when units were received: by month, or by day while there are not three months yet; the newest 60.
WITH
    (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured,
    (SELECT if(uniqExact(start) < 3, 'day', 'month') FROM recovery WHERE dimension = 'program' AND span = 'month') AS step
SELECT * FROM
(
    SELECT
        toUnixTimestamp(r.start) AS time,
        r.span AS span,
        sum(r.decided) AS decided,
        sum(r.written_off) AS written_off,
        if(decided > 0, written_off / decided, NULL) AS rate
    FROM recovery AS r
    WHERE r.dimension = 'program' AND r.span = step AND (r.origin = 'station') = measured
    GROUP BY time, span
    ORDER BY time DESC
    LIMIT 60
)
ORDER BY time
