-- What all vendors were charged, corrections included, per currency.
SELECT currency, sum(v.documents) AS documents, sum(v.charged) AS charged
FROM vendor_charges AS v
GROUP BY currency
ORDER BY currency
