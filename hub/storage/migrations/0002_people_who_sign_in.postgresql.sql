-- Users of the chain who sign in, what they did and what a second person has to allow; which customers a store gets.

ALTER TABLE store ADD COLUMN health TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE store ADD COLUMN customers TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Stores whose customers come to another store, too: `near_id`'s belong to `store_id`'s slice.
CREATE TABLE store_near (
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    near_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, store_id, near_id)
);

-- Users of the chain who sign in. `password` is what `hub/users/passwords.py` writes, empty for who signs in by the
-- chain's own directory. Who has left stays, because the audit log names them.
CREATE TABLE hub_user (
    tenant_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    password TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    left_at TEXT COLLATE "C",
    failures BIGINT NOT NULL DEFAULT 0,
    failed_at TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, name)
);

-- A browser that is signed in, by the hash of its cookie.
CREATE TABLE hub_user_session (
    digest BYTEA PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    started_at TEXT COLLATE "C" NOT NULL,
    seen_at TEXT COLLATE "C" NOT NULL
);

-- Who did what, for good: nothing here is changed. `hash` chains each entry to the one before.
CREATE TABLE audit_entry (
    tenant_id TEXT COLLATE "C" NOT NULL,
    entry_no BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    did TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, entry_no)
);

-- What one person wants and another has to allow.
CREATE TABLE proposal (
    tenant_id TEXT COLLATE "C" NOT NULL,
    proposal_no BIGINT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    proposed_by TEXT COLLATE "C" NOT NULL,
    proposed_at TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    decided_at TEXT COLLATE "C",
    allowed BIGINT,
    PRIMARY KEY (tenant_id, proposal_no)
);
