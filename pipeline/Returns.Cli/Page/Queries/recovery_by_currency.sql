-- As recovery_totals.sql, per currency: net recovery, what was paid of it, and the cost of handling by the units it was spent on.
WITH (SELECT countIf(origin = 'station') > 0 FROM recovery WHERE dimension = 'program' AND span = 'month') AS measured
SELECT
    a.currency AS currency,
    sum(a.net_recovery) AS net_recovery,
    sum(a.settled_units) AS settled_units,
    sum(a.settled_proceeds) AS settled_proceeds,
    sum(a.costed_units) AS costed_units,
    sum(a.handling_cost) AS handling_cost,
    if(costed_units > 0, round(toDecimal128(handling_cost, 6) / costed_units, 4), NULL) AS cost_per_return
FROM recovery_amounts AS a
WHERE a.dimension = 'program' AND a.span = 'month' AND (a.origin = 'station') = measured
GROUP BY currency
ORDER BY currency
