-- Statements about whole days and about captures that are read again. Same form as `queries.sql`.

-- name: sales_of_days
-- What each sale and return of some days says for counting: amounts are decimal texts, tenders a JSON list of pairs.
SELECT workstation_id, business_day,
       json_extract(CAST(payload AS TEXT), '$.transaction.total'),
       json_extract(CAST(payload AS TEXT), '$.transaction.sequence_number'),
       (SELECT json_group_array(json_array(json_extract(value, '$.tender_type'), json_extract(value, '$.amount')))
        FROM json_each(CAST(journal.payload AS TEXT), '$.transaction.line_items')
        WHERE json_extract(value, '$.type') = 'tender')
FROM journal
WHERE kind IN ('transaction.completed', 'transaction.returned') AND payload IS NOT NULL
  AND business_day >= :first_day AND seq > :seq
ORDER BY seq

-- name: days_began
-- Since when each lane's days ran, the day of the newest record last.
SELECT workstation_id, business_day, min(occurred_at) FROM journal
WHERE kind IN ('transaction.completed', 'transaction.returned') AND business_day >= :first_day
GROUP BY workstation_id, business_day ORDER BY max(seq)

-- name: days_closed
-- What Z reports told, oldest first; of two for one lane and day the later one counts.
SELECT workstation_id, business_day, CAST(payload AS TEXT), occurred_at FROM journal
WHERE kind = 'day.closed' AND payload IS NOT NULL AND business_day >= :first_day ORDER BY seq

-- name: reread_candidates
-- Captures that no sale and no Z report came of, oldest first, with the day they were parked under (NULL: never parked).
WITH taken (job_id, document_no) AS MATERIALIZED (
    SELECT coalesce(json_extract(CAST(payload AS TEXT), '$.transaction.job_id'),
                    json_extract(CAST(payload AS TEXT), '$.job_id')),
           json_extract(CAST(payload AS TEXT), '$.document_no')
    FROM journal
    WHERE kind IN ('transaction.completed', 'transaction.returned', 'transaction.voided', 'day.closed')
      AND payload IS NOT NULL
), parked_paper (job_id, document_no, business_day, reason) AS MATERIALIZED (
    SELECT json_extract(CAST(payload AS TEXT), '$.job_id'), json_extract(CAST(payload AS TEXT), '$.document_no'),
           business_day, json_extract(CAST(payload AS TEXT), '$.reason')
    FROM journal WHERE kind = 'document.parked' AND payload IS NOT NULL
)
SELECT capture_no, job_id, document_no, workstation_id, received_at,
       (SELECT business_day FROM parked_paper
        WHERE parked_paper.job_id = capture.job_id AND parked_paper.document_no = capture.document_no),
       (SELECT reason FROM parked_paper
        WHERE parked_paper.job_id = capture.job_id AND parked_paper.document_no = capture.document_no)
FROM capture
WHERE (body IS NOT NULL OR file_hash IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM taken WHERE taken.job_id = capture.job_id AND taken.document_no = capture.document_no)
  AND NOT EXISTS (SELECT 1 FROM capture AS again
                  WHERE again.job_id = 'reread/' || capture.job_id AND again.document_no = capture.document_no)
ORDER BY capture_no

-- name: newest_captures
-- What a lane's register sent last, newest first, among the newest captures of the store.
SELECT body, file_hash FROM capture
WHERE capture_no > (SELECT max(capture_no) FROM capture) - :look_back_rows
  AND workstation_id = :workstation_id AND (body IS NOT NULL OR file_hash IS NOT NULL)
ORDER BY capture_no DESC LIMIT :limit_rows

-- name: known_total
-- The total under which a business key is journalled; no row for a new one.
SELECT total FROM sale WHERE transaction_id = :transaction_id
