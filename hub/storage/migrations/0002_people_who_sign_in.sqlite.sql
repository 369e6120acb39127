-- Users of the chain who sign in, what they did and what a second person has to allow; which customers a store gets.

ALTER TABLE store ADD COLUMN health TEXT NOT NULL DEFAULT '{}';
ALTER TABLE store ADD COLUMN customers TEXT NOT NULL DEFAULT '';

-- Stores whose customers come to another store, too: `near_id`'s belong to `store_id`'s slice.
CREATE TABLE store_near (
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    near_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, store_id, near_id)
) STRICT, WITHOUT ROWID;

-- Users of the chain who sign in. `password` is what `hub/users/passwords.py` writes, empty for who signs in by the
-- chain's own directory. Who has left stays, because the audit log names them.
CREATE TABLE hub_user (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at TEXT NOT NULL,
    left_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at TEXT,
    PRIMARY KEY (tenant_id, name)
) STRICT;

-- A browser that is signed in, by the hash of its cookie.
CREATE TABLE hub_user_session (
    digest BLOB PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;

-- Who did what, for good: nothing here is changed. `hash` chains each entry to the one before.
CREATE TABLE audit_entry (
    tenant_id TEXT NOT NULL,
    entry_no INTEGER NOT NULL,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    did TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, entry_no)
) STRICT;

-- What one person wants and another has to allow.
CREATE TABLE proposal (
    tenant_id TEXT NOT NULL,
    proposal_no INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    decided_by TEXT,
    decided_at TEXT,
    allowed INTEGER,
    PRIMARY KEY (tenant_id, proposal_no)
) STRICT;
