-- The units that wait for an operator now, whenever they came: all of them, and by reason, with those that wait longest.
-- Waiting is counted up to the newest outcome there is, by event time.
WITH (SELECT greatest((SELECT max(routed_at) FROM dispositions), (SELECT max(raised_at) FROM exceptions))) AS newest
SELECT
    reason,
    count() AS units,
    max(waiting) AS longest_seconds,
    if(grouping(reason) = 0, [], arrayMap(w -> CAST(w, 'Tuple(waiting_seconds Int64, lpn String, facility String, category Nullable(String))'),
        arrayMap(w -> (-w.1, w.2, w.3, w.4), groupArraySorted(8)((-waiting, lpn, facility, category))))) AS oldest
FROM
(
    SELECT lpn, facility, category, coalesce(items.reason, 'unspecified') AS reason, dateDiff('second', event_time, newest) AS waiting
    FROM items
    WHERE state = 'manual_review'
        AND lpn IN (SELECT lpn FROM exceptions UNION ALL SELECT lpn FROM dispositions WHERE disposition = 'manual_review')
)
GROUP BY GROUPING SETS ((), (reason))
ORDER BY grouping(reason) DESC, units DESC, reason
SETTINGS group_by_use_nulls = 1
