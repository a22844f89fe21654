-- The units whose latest outcome is in the period: all of them, and by time, facility, and category and disposition. The period
-- ends with the newest outcome there is, by event time. One statement, so that the figures of one refresh add up to the unit.
-- Dwell is from intake to the latest disposition, in seconds, as a sketch with 1 % relative error (DDSketch).
WITH
    (SELECT greatest((SELECT max(routed_at) FROM dispositions), (SELECT max(raised_at) FROM exceptions))) AS newest,
    newest - toIntervalSecond({period:UInt32}) AS since
SELECT
    multiIf(grouping(time) = 0, 'time', grouping(facility) = 0, 'facility', grouping(disposition) = 0, 'disposition', 'all') AS `by`,
    time, facility, category, disposition,
    count() AS units,
    countIf(grade IS NOT NULL) AS graded,
    countIf(state = 'routed') AS routed,
    countIf(state = 'manual_review') AS manual_review,
    if(routed > 0, quantilesDDIf(0.01, 0.5, 0.9)(dwell, state = 'routed' AND dwell IS NOT NULL), []) AS dwell_seconds,
    toUnixTimestamp(max(event_time)) AS newest_at,
    groupUniqArray(origin) AS origins
FROM
(
    SELECT
        facility, coalesce(category, 'unknown') AS category, disposition, grade, state, origin, event_time,
        toUnixTimestamp(toStartOfInterval(event_time, toIntervalSecond({step:UInt32}))) AS time,
        dateDiff('millisecond', intake_at, event_time) / 1000 AS dwell
    FROM items
    WHERE event_time > since
        AND lpn IN (SELECT lpn FROM dispositions WHERE routed_at > since UNION ALL SELECT lpn FROM exceptions WHERE raised_at > since)
)
GROUP BY GROUPING SETS ((), (time), (facility), (category, disposition))
ORDER BY `by`, time, facility, category, disposition
SETTINGS group_by_use_nulls = 1
