-- The store's ledger of value.

-- The store's ledger of value (coupons, points, leases, what tills hold of them): one JSON object a row, written in the
-- commit of the records that changed it, because coupons and points outlive the days that the journal is kept.
CREATE TABLE value (
    what   TEXT NOT NULL,
    row_id TEXT NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (what, row_id)
) STRICT, WITHOUT ROWID;
