-- The journal's database as it is after all migrations; tests prove the two equal.
-- `journal` is append-only. All other tables are positions, ledgers and remainders that hang on it.

-- One thing that happened. hash = H(prev_hash || header || payload_hash), payload_hash = H(salt || payload).
-- Erasure sets salt and payload to NULL; the chain still verifies. The epoch is that of the row's range in `epoch`.
CREATE TABLE journal (
    seq            INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    workstation_id TEXT NOT NULL,
    occurred_at    TEXT NOT NULL,
    clock_quality  TEXT NOT NULL,
    business_day   TEXT NOT NULL,
    salt           BLOB,
    payload        BLOB,
    payload_hash   BLOB NOT NULL,
    prev_hash      BLOB NOT NULL,
    hash           BLOB NOT NULL
) STRICT;

-- Ranges of the journal that one holder wrote without a break. A new one begins with the database, after a recovery,
-- after a fork and at every enrolment; its first record chains to 32 zero bytes.
CREATE TABLE epoch (
    epoch     INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    raised_at TEXT NOT NULL
) STRICT;

-- The last row that retention removed; the chain is verified from here on. At most one row.
CREATE TABLE pruned (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- What the register sent for one document, masked, before anybody interpreted it. Large bodies are sealed files.
-- Rows are appended (capture_no) and found by an index of small entries: a commit touches few pages.
CREATE TABLE capture (
    capture_no     INTEGER PRIMARY KEY,
    job_id         TEXT NOT NULL,
    document_no    INTEGER NOT NULL,
    workstation_id TEXT NOT NULL,
    received_at    TEXT NOT NULL,
    body           BLOB,
    file_hash      TEXT,
    UNIQUE (job_id, document_no)
) STRICT;

-- How far a destination (the hub, a CRM) has taken the journal.
CREATE TABLE cursor (
    destination TEXT PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    acked_seq   INTEGER NOT NULL,
    head_hash   TEXT NOT NULL,
    moved_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A record that a destination would not take, and why; it blocks nothing behind it. A person un-parks it.
CREATE TABLE parked (
    destination TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    parked_at   TEXT NOT NULL,
    PRIMARY KEY (destination, seq)
) STRICT, WITHOUT ROWID;

-- Offers whose bytes were given to a tap that has not said what became of them. Left over after a restart: unconfirmed.
CREATE TABLE awaited (
    job_id         TEXT NOT NULL,
    cut_no         INTEGER NOT NULL,
    workstation_id TEXT NOT NULL,
    payload        BLOB NOT NULL,
    PRIMARY KEY (job_id, cut_no)
) STRICT, WITHOUT ROWID;

-- Business keys already journalled: the same receipt printed again is a copy, the same key with another total is parked.
CREATE TABLE sale (
    transaction_id TEXT PRIMARY KEY,
    business_day   TEXT NOT NULL,
    total          TEXT NOT NULL,
    seq            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows that the scrub found damaged; they are kept out of what destinations read.
CREATE TABLE quarantine (
    seq      INTEGER PRIMARY KEY,
    reason   TEXT NOT NULL,
    found_at TEXT NOT NULL
) STRICT;

-- Whose open sale it is: what brings a binding back when core was killed. A row goes in the commit that holds the sale
-- it belongs to, or when the scan dies. `number` is the suspension number it was put by under, empty at an open sale.
CREATE TABLE open_scan (
    scan_id        TEXT PRIMARY KEY,
    workstation_id TEXT NOT NULL,
    scanned_at     TEXT NOT NULL,
    number         TEXT NOT NULL,
    locator        TEXT NOT NULL,
    customer_id    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The store's ledger of value (coupons, points, leases, what tills hold of them): one JSON object a row, written in the
-- commit of the records that changed it, because coupons and points outlive the days that the journal is kept.
CREATE TABLE value (
    what   TEXT NOT NULL,
    row_id TEXT NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (what, row_id)
) STRICT, WITHOUT ROWID;

-- Sales of earlier days stay on disk: found by the number that their paper bears, and by the day they were made on.
-- Behind `what` because SQLite would go through all sales for a range of days otherwise.
CREATE INDEX value_sale_number ON value (json_extract(CAST(body AS TEXT), '$.number'), json_extract(CAST(body AS TEXT), '$.day'))
WHERE what = 'sale';
CREATE INDEX value_sale_day ON value (what, json_extract(CAST(body AS TEXT), '$.day')) WHERE what = 'sale';

-- What the cut of a receipt will commit, whole, on disk before the cut comes, so that nothing is left to sync while the
-- cut is held. The batch that commits it drops the row. What core finds here at its start was printed, or was about to be.
CREATE TABLE foreseen (
    job_id      TEXT NOT NULL,
    document_no INTEGER NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (job_id, document_no)
) STRICT, WITHOUT ROWID;
