-- What could not be processed and was not redriven, by class of error; everything that is kept.
SELECT error_class, source_topic, count() AS records, toUnixTimestamp(max(recorded_at)) AS newest_at
FROM dead_letters
WHERE error_class != 'Redriven' AND (_partition, _offset) NOT IN (SELECT source_partition, source_offset FROM dead_letters WHERE error_class = 'Redriven')
GROUP BY error_class, source_topic
ORDER BY records DESC, error_class, source_topic
LIMIT 50
