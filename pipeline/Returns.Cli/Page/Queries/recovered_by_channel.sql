-- What units bring by where they go: the channel of what is resold, the disposition of everything else; per currency. Expected and
-- settled are before handling; net is what was paid, or is expected still, less handling.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    a.currency AS currency,
    a.value AS channel,
    sum(a.expected_units) AS units,
    sum(a.expected_proceeds) AS expected_proceeds,
    sum(a.settled_units) AS settled_units,
    sum(a.settled_proceeds) AS settled_proceeds,
    sum(a.net_recovery) AS net_recovery
FROM recovery_amounts AS a
WHERE a.dimension = 'channel' AND a.span = 'month' AND (a.origin = 'station') = measured
GROUP BY currency, channel
HAVING units > 0
ORDER BY currency, net_recovery DESC, channel
LIMIT 200
