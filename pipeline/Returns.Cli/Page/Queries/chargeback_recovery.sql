-- What vendors were charged, corrections included, as a share of the cost of their defective units, per currency.
SELECT
    v.currency AS currency,
    sum(v.charged) AS charged,
    sum(v.defect_value) AS defect_value,
    if(defect_value > 0, toFloat64(charged) / toFloat64(defect_value), NULL) AS rate
FROM vendor_chargeback_recovery AS v
GROUP BY currency
ORDER BY currency
