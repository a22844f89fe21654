-- Expected net recovery by where units go: the channel of what is resold, the disposition of everything else; per currency.
SELECT
    expected_currency AS currency,
    disposition,
    channel,
    count() AS units,
    sum(expected_value) AS recovery_value
FROM items
WHERE state = 'routed' AND disposition != 'quarantine' AND expected_currency != ''
GROUP BY currency, disposition, channel
ORDER BY currency, recovery_value DESC
LIMIT 200
