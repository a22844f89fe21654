-- Alerts that are open: the latest record of each says raised.
SELECT
    alert_id,
    argMax(program, _offset) AS program,
    argMax(vendor, _offset) AS vendor,
    argMax(agreement, _offset) AS agreement,
    argMax(measure, _offset) AS measure,
    toUnixTimestamp(argMax(vendor_alerts.raised_at, _offset)) AS raised_at,
    argMax(vendor_alerts.rate, _offset) AS rate,
    argMax(vendor_alerts.lower_bound, _offset) AS lower_bound,
    argMax(vendor_alerts.allowed, _offset) AS allowed,
    argMax(vendor_alerts.units, _offset) AS units,
    argMax(vendor_alerts.defects, _offset) AS defects
FROM vendor_alerts
GROUP BY alert_id
HAVING argMax(state, _offset) = 'raised'
ORDER BY raised_at DESC, alert_id
LIMIT 100
