-- Scans that were acknowledged and belong to no sale yet.

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
