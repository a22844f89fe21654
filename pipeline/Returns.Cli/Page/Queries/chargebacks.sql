-- The newest documents, and per currency the number and total of all.
SELECT
    document_id,
    kind,
    program,
    vendor,
    sequence,
    corrects,
    agreement,
    toUnixTimestamp(window_start) AS window_start_at,
    toUnixTimestamp(window_end) AS window_end_at,
    currency,
    units,
    defects,
    `lines.kind` AS line_kinds,
    `lines.units` AS line_units,
    `lines.amount` AS line_amounts,
    total,
    toUnixTimestamp(issued_at) AS issued_at,
    toUnixTimestamp(dispute_until) AS dispute_until,
    content_hash
FROM chargebacks
ORDER BY chargebacks.issued_at DESC, program, vendor, sequence DESC
LIMIT 50
