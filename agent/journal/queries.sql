-- Every statement that the journal runs. A statement opens with `-- name:` and says in the lines below what it is for.

-- name: insert_record
-- Append one record. The caller has computed its hashes from the head.
INSERT INTO journal (seq, kind, workstation_id, occurred_at, clock_quality, business_day,
                     salt, payload, payload_hash, prev_hash, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_capture
-- Keep what a register sent; ignored when this document of this job is already here.
INSERT OR IGNORE INTO capture (job_id, document_no, workstation_id, received_at, body, file_hash)
VALUES (:job_id, :document_no, :workstation_id, :received_at, :body, :file_hash)

-- name: has_capture
-- Is this document of this job already here?
SELECT 1 FROM capture WHERE job_id = :job_id AND document_no = :document_no

-- name: has_job
-- Which documents of this job are already here?
SELECT document_no FROM capture WHERE job_id = :job_id

-- name: read_capture
-- One document as the register sent it, masked.
SELECT body, file_hash FROM capture WHERE job_id = :job_id AND document_no = :document_no

-- name: without_capture
-- Which of these jobs (a JSON array) are not here?
SELECT value FROM json_each(:job_ids)
WHERE NOT EXISTS (SELECT 1 FROM capture WHERE capture.job_id = value AND capture.document_no = 0)

-- name: marks
-- What tells whether a journal stands as it stood.
SELECT seq, hash, payload IS NULL FROM journal ORDER BY seq

-- name: head
-- The last record.
SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1

-- name: epochs
-- All ranges, oldest first.
SELECT epoch, first_seq, reason, raised_at FROM epoch ORDER BY epoch

-- name: insert_epoch
-- Open a new range.
INSERT INTO epoch (epoch, first_seq, reason, raised_at) VALUES (:epoch, :first_seq, :reason, :raised_at)

-- name: pruned
-- The last row that retention removed.
SELECT seq, hash FROM pruned

-- name: set_pruned
-- Remember the last row that retention removes.
INSERT INTO pruned (only, seq, hash) VALUES (1, :seq, :hash)
ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, hash = excluded.hash

-- name: records_after
-- Records behind a position, oldest first, without the quarantined.
SELECT seq, kind, workstation_id, occurred_at, clock_quality, business_day, salt, payload, payload_hash, prev_hash, hash
FROM journal WHERE seq > :seq AND seq NOT IN (SELECT seq FROM quarantine) ORDER BY seq LIMIT :limit_rows

-- name: all_records_after
-- Records behind a position, oldest first, the quarantined too: for verification and salvage.
SELECT seq, kind, workstation_id, occurred_at, clock_quality, business_day, salt, payload, payload_hash, prev_hash, hash
FROM journal WHERE seq > :seq ORDER BY seq LIMIT :limit_rows

-- name: records_before
-- The newest records up to a position, newest first: for people.
SELECT seq, kind, workstation_id, occurred_at, clock_quality, business_day, salt, payload, payload_hash, prev_hash, hash
FROM journal WHERE seq <= :seq ORDER BY seq DESC LIMIT :limit_rows

-- name: record
-- One record.
SELECT seq, kind, workstation_id, occurred_at, clock_quality, business_day, salt, payload, payload_hash, prev_hash, hash
FROM journal WHERE seq = :seq

-- name: count_behind
-- How many records a destination has not taken yet.
SELECT count(*) FROM journal WHERE seq > :seq

-- name: move_cursor
-- A destination has taken everything up to here. The hub may also ask for an earlier position.
INSERT INTO cursor (destination, epoch, acked_seq, head_hash, moved_at)
VALUES (:destination, :epoch, :acked_seq, :head_hash, :moved_at)
ON CONFLICT (destination) DO UPDATE SET epoch = excluded.epoch, acked_seq = excluded.acked_seq,
    head_hash = excluded.head_hash, moved_at = excluded.moved_at

-- name: cursors
-- How far every destination is.
SELECT destination, epoch, acked_seq, head_hash, moved_at FROM cursor ORDER BY destination

-- name: park
-- A destination refused a record; a repeat keeps the newest reason.
INSERT INTO parked (destination, seq, reason, detail, parked_at)
VALUES (:destination, :seq, :reason, :detail, :parked_at)
ON CONFLICT (destination, seq) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
    parked_at = excluded.parked_at

-- name: unpark
-- A person wants a record tried again.
DELETE FROM parked WHERE destination = :destination AND seq = :seq

-- name: parked
-- What destinations would not take, oldest first.
SELECT destination, seq, reason, detail, parked_at FROM parked ORDER BY destination, seq

-- name: await_outcome
-- Offers of this document are on their way to a printer.
INSERT OR REPLACE INTO awaited (job_id, cut_no, workstation_id, payload)
VALUES (:job_id, :cut_no, :workstation_id, :payload)

-- name: settle_outcome
-- The tap has said what became of them.
DELETE FROM awaited WHERE job_id = :job_id AND cut_no = :cut_no

-- name: awaited
-- Offers that nobody told the end of.
SELECT job_id, cut_no, workstation_id, payload FROM awaited ORDER BY job_id, cut_no

-- name: keep_scan
-- A scan was acknowledged, or put by under a suspension number.
INSERT OR REPLACE INTO open_scan (scan_id, workstation_id, scanned_at, number, locator, customer_id)
VALUES (:scan_id, :workstation_id, :scanned_at, :number, :locator, :customer_id)

-- name: drop_scan
-- A scan belongs to a sale now, or to nothing any more.
DELETE FROM open_scan WHERE scan_id = :scan_id

-- name: open_scans
-- Scans that belong to no sale yet, oldest first.
SELECT scan_id, workstation_id, scanned_at, number, locator, customer_id FROM open_scan ORDER BY scanned_at, scan_id

-- name: keep_value_row
-- A row of the ledger of value, in the commit of the records that changed it.
INSERT INTO value (what, row_id, body) VALUES (:what, :row_id, :body)
ON CONFLICT (what, row_id) DO UPDATE SET body = excluded.body

-- name: drop_value_row
-- A row of the ledger of value is needed no more.
DELETE FROM value WHERE what = :what AND row_id = :row_id

-- name: keep_foreseen_commit
-- What a cut will commit; what was foreseen of the document before is overtaken.
INSERT OR REPLACE INTO foreseen (job_id, document_no, body) VALUES (:job_id, :document_no, :body)

-- name: drop_foreseen_commit
-- A document is committed by its own batch, or its cut will not come.
DELETE FROM foreseen WHERE job_id = :job_id AND document_no = :document_no

-- name: drop_every_foreseen
-- Nothing that was foreseen is committed any more.
DELETE FROM foreseen

-- name: drop_copys_foreseen
-- What was foreseen in the original is no part of its copy.
DELETE FROM copy.foreseen

-- name: sale_known
-- Is this business key journalled?
SELECT 1 FROM sale WHERE transaction_id = :transaction_id

-- name: scan_kept
-- Is this scan still without a sale?
SELECT 1 FROM open_scan WHERE scan_id = :scan_id

-- name: scanned_after
-- Has a lane seen a scan that no commit foreseen by then knows of?
SELECT 1 FROM open_scan WHERE workstation_id = :workstation_id AND number = '' AND scanned_at > :at LIMIT 1

-- name: value_row
-- A row of the ledger of value, as it stands.
SELECT body FROM value WHERE what = :what AND row_id = :row_id

-- name: fill_capture
-- The whole of a document that was kept before its last bytes had come; one that was erased stays so.
UPDATE capture SET body = :body
WHERE job_id = :job_id AND document_no = :document_no AND length(body) < length(:body)

-- name: insert_sale
-- This business key is journalled now.
INSERT OR IGNORE INTO sale (transaction_id, business_day, total, seq)
VALUES (:transaction_id, :business_day, :total, :seq)

-- name: sales_since
-- Business keys of the days on which a copy may still appear.
SELECT transaction_id, total, seq FROM sale WHERE business_day >= :business_day

-- name: quarantine
-- Keep a damaged row out of what destinations read.
INSERT OR REPLACE INTO quarantine (seq, reason, found_at) VALUES (:seq, :reason, :found_at)

-- name: quarantined
-- All damaged rows.
SELECT seq, reason, found_at FROM quarantine ORDER BY seq

-- name: erase_record
-- Delete what a record says; header and hashes stay, so that the chain verifies.
UPDATE journal SET salt = NULL, payload = NULL WHERE seq = :seq

-- name: erase_capture
-- Delete the paper that a record was read from; the name of the document stays, so that a repeat is known.
UPDATE capture SET body = NULL, file_hash = NULL WHERE job_id = :job_id AND document_no = :document_no

-- name: records_holding
-- Records whose payload holds these bytes (a customer's id as JSON text), oldest first.
SELECT seq, payload FROM journal
WHERE seq > :seq AND payload IS NOT NULL AND instr(payload, :needle) > 0 ORDER BY seq LIMIT :limit_rows

-- name: prune_journal
-- Remove rows that every destination has and whose time has passed.
DELETE FROM journal WHERE seq <= :seq

-- name: last_expired
-- The last row of one step's worth of the unbroken run of old business days at the journal's start. Days that are yet
-- to come were told by a wrong clock: they keep nothing from going.
SELECT seq, hash FROM (
    SELECT seq, hash FROM journal
    WHERE seq <= :acked_seq
      AND seq < coalesce((SELECT min(seq) FROM journal WHERE business_day BETWEEN :business_day AND :until_day),
                         9223372036854775807)
    ORDER BY seq LIMIT :limit_rows
) ORDER BY seq DESC LIMIT 1

-- name: prune_captures
-- Remove one step's worth of paper whose time has passed; the marks of erasures that were applied stay. Paper goes in
-- the order in which it came: what a wrong clock dated to another century stays as long as its neighbours.
DELETE FROM capture WHERE capture_no IN (
    SELECT capture_no FROM capture
    WHERE job_id NOT LIKE 'erasure/%'
      AND capture_no < coalesce(
          (SELECT capture_no FROM capture
           WHERE received_at BETWEEN :received_at AND :received_until AND job_id NOT LIKE 'erasure/%'
           ORDER BY capture_no LIMIT 1),
          9223372036854775807)
    ORDER BY capture_no LIMIT :limit_rows
)

-- name: capture_files
-- Sealed files that captures still point at.
SELECT DISTINCT file_hash FROM capture WHERE file_hash IS NOT NULL

-- name: prune_sales
-- Forget business keys that can no longer appear as a copy.
DELETE FROM sale WHERE business_day < :business_day

-- name: by_kind
-- Records of some kinds (a JSON array), oldest first: for rebuilding what is kept in memory.
SELECT seq, kind, business_day, occurred_at, payload FROM journal
WHERE payload IS NOT NULL AND kind IN (SELECT value FROM json_each(:kinds)) AND seq > :seq ORDER BY seq LIMIT :limit_rows

-- name: sale_record
-- The record of one sale, by its business key.
SELECT j.occurred_at, j.payload FROM sale s JOIN journal j ON j.seq = s.seq
WHERE s.transaction_id = :transaction_id AND j.kind = 'transaction.completed' AND j.payload IS NOT NULL

-- name: count_of_day
-- How many records of some kinds (a JSON array) the newest rows have of one business day, by kind.
SELECT kind, count(*) FROM journal
WHERE seq > :seq AND business_day = :business_day AND kind IN (SELECT value FROM json_each(:kinds)) GROUP BY kind;

-- name: schema_size
-- How many tables and indexes there are: the first thing that a wrong key or a damaged file fails at.
SELECT count(*) FROM sqlite_schema

-- name: every_cursor
-- All rows of cursor, for salvage.
SELECT destination, epoch, acked_seq, head_hash, moved_at FROM cursor

-- name: keep_cursor
-- Take over a salvaged row of cursor.
INSERT OR IGNORE INTO cursor (destination, epoch, acked_seq, head_hash, moved_at) VALUES (?, ?, ?, ?, ?)

-- name: every_parked
-- All rows of parked, for salvage.
SELECT destination, seq, reason, detail, parked_at FROM parked

-- name: keep_parked
-- Take over a salvaged row of parked.
INSERT OR IGNORE INTO parked (destination, seq, reason, detail, parked_at) VALUES (?, ?, ?, ?, ?)

-- name: every_awaited
-- All rows of awaited, for salvage.
SELECT job_id, cut_no, workstation_id, payload FROM awaited

-- name: keep_awaited
-- Take over a salvaged row of awaited.
INSERT OR IGNORE INTO awaited (job_id, cut_no, workstation_id, payload) VALUES (?, ?, ?, ?)

-- name: every_sale
-- All rows of sale, for salvage.
SELECT transaction_id, business_day, total, seq FROM sale

-- name: keep_sale
-- Take over a salvaged row of sale.
INSERT OR IGNORE INTO sale (transaction_id, business_day, total, seq) VALUES (?, ?, ?, ?)

-- name: every_capture
-- All rows of capture, for salvage.
SELECT capture_no, job_id, document_no, workstation_id, received_at, body, file_hash FROM capture

-- name: keep_capture
-- Take over a salvaged row of capture.
INSERT OR IGNORE INTO capture (capture_no, job_id, document_no, workstation_id, received_at, body, file_hash) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: every_quarantine
-- All rows of quarantine, for salvage.
SELECT seq, reason, found_at FROM quarantine

-- name: keep_quarantine
-- Take over a salvaged row of quarantine.
INSERT OR IGNORE INTO quarantine (seq, reason, found_at) VALUES (?, ?, ?)

-- name: every_open_scan
-- All rows of open_scan, for salvage.
SELECT scan_id, workstation_id, scanned_at, number, locator, customer_id FROM open_scan

-- name: keep_open_scan
-- Take over a salvaged row of open_scan.
INSERT OR IGNORE INTO open_scan (scan_id, workstation_id, scanned_at, number, locator, customer_id)
VALUES (?, ?, ?, ?, ?, ?)

-- name: every_value
-- All rows of value: for salvage.
SELECT what, row_id, body FROM value

-- name: value_but_old_sales
-- The rows of value that core holds in memory from its start.
SELECT what, row_id, body FROM value WHERE what < 'sale'
UNION ALL SELECT what, row_id, body FROM value WHERE what > 'sale'
UNION ALL SELECT what, row_id, body FROM value
WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.day') >= :day

-- name: value_sales_numbered
-- The ledger's sales that bear a printed number, newest day first.
SELECT json_extract(CAST(body AS TEXT), '$.day'), row_id FROM value
WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.number') = :number
ORDER BY json_extract(CAST(body AS TEXT), '$.day') DESC

-- name: value_sales_of
-- The ledger's sales of one day.
SELECT row_id FROM value WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.day') = :day

-- name: value_sales_before
-- The oldest of the ledger's sales of the days before one.
SELECT row_id FROM value WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.day') < :day
ORDER BY json_extract(CAST(body AS TEXT), '$.day') LIMIT :limit_rows

-- name: value_next_day
-- The first day behind one that the ledger has sales of.
SELECT min(json_extract(CAST(body AS TEXT), '$.day')) FROM value
WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.day') > :day

-- name: value_sales_holding
-- The ledger's sales of one day whose row holds these bytes (a customer's id as JSON text).
SELECT row_id, body FROM value
WHERE what = 'sale' AND instr(body, :needle) > 0
  AND row_id IN (SELECT row_id FROM value WHERE what = 'sale' AND json_extract(CAST(body AS TEXT), '$.day') = :day)

-- name: keep_value
-- Take over a salvaged row of value.
INSERT OR IGNORE INTO value (what, row_id, body) VALUES (?, ?, ?)

-- name: every_foreseen
-- All rows of foreseen: for core at start, and for salvage.
SELECT job_id, document_no, body FROM foreseen

-- name: keep_foreseen
-- Take over a salvaged row of foreseen.
INSERT OR IGNORE INTO foreseen (job_id, document_no, body) VALUES (?, ?, ?)
