-- What could not be processed, by class of error; everything that is kept.
SELECT error_class, source_topic, count() AS records, toUnixTimestamp(max(recorded_at)) AS newest_at
FROM dead_letters
GROUP BY error_class, source_topic
ORDER BY records DESC, error_class, source_topic
LIMIT 50
