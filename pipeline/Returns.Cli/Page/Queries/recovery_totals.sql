-- All programs and months together, of measured units where there are any, else of simulated and replayed ones: the two are never
-- in one sum.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    sum(r.units) AS units,
    sum(r.decided) AS decided,
    sum(r.written_off) AS written_off,
    if(decided > 0, written_off / decided, NULL) AS rate,
    sum(r.kept_kilograms) AS kept_kilograms,
    groupUniqArray(r.origin) AS origins
FROM recovery AS r
WHERE r.dimension = 'program' AND r.span = 'month' AND (r.origin = 'station') = measured
