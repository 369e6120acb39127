-- The hub's schema for SQLite: the sum of the steps in `migrations/`; `schema.postgresql.sql` has the same tables and columns.
-- Tests compare both. Whoever changes it adds a step for both databases.
-- Times are ISO 8601 text in UTC, except `occurred_at`, which is as the store wrote it. Amounts end in `_e4`: integer
-- ten-thousandths of the currency unit.

CREATE TABLE tenant (
    tenant_id TEXT PRIMARY KEY,
    country TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE store (
    tenant_id TEXT NOT NULL REFERENCES tenant,
    store_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_contact_at TEXT,
    feed_cursor TEXT NOT NULL DEFAULT '',
    erased_through INTEGER NOT NULL DEFAULT 0,
    mirror_version INTEGER,
    campaigns_version INTEGER,
    backlog_records INTEGER,
    parked_records INTEGER,
    program TEXT NOT NULL DEFAULT '',
    feed_refused TEXT NOT NULL DEFAULT '[]',
    health TEXT NOT NULL DEFAULT '{}',
    region TEXT NOT NULL DEFAULT '',
    ring TEXT NOT NULL DEFAULT '',
    customers TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, store_id)
) STRICT;

-- One agent a store. `epoch` is the newest that was given out or heard of. Enrolling again fences all other keys.
CREATE TABLE agent (
    agent_id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (tenant_id, store_id)
) STRICT;

CREATE TABLE agent_key (
    key_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agent,
    epoch INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    enrolled_at TEXT NOT NULL,
    fenced_at TEXT
) STRICT;

-- A code is kept as its hash; it is used by the key that took it, so that a lost answer can be asked for again.
CREATE TABLE enrolment_code (
    digest BLOB PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    used_by_key_id TEXT
) STRICT;

-- One line of history of one agent and epoch. Branch 0 is the one that was heard first; others are forks: another
-- disk with the same identity. A branch begins after `base_seq`: the last record that it shares with `base_branch`, or,
-- without one, the last number before its first record. `base_hash` is what its first record chains to.
CREATE TABLE branch (
    agent_id TEXT NOT NULL REFERENCES agent,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    base_branch INTEGER,
    base_seq INTEGER NOT NULL,
    base_hash BLOB NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    opened_at TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch)
) STRICT;

CREATE TABLE journal_record (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    workstation_id TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    clock_quality TEXT NOT NULL,
    business_day TEXT NOT NULL,
    salt BLOB,
    payload TEXT,
    payload_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    absent TEXT,
    received_at TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
) STRICT, WITHOUT ROWID;

-- Records about value, for reconciliation: a few of a hundred records, found without reading the others.
CREATE INDEX journal_record_of_value ON journal_record (kind, agent_id) WHERE kind IN
    ('coupon.redeemed', 'coupon.restored', 'points.burned', 'points.earned', 'points.leased', 'points.reversed', 'points.unleased');

-- What stores found odd, by time: a few of a million records, looked at by people.
CREATE INDEX journal_record_of_fraud ON journal_record (occurred_at) WHERE kind = 'fraud.flagged';

-- Records about one coupon, found by its number: a store asks while a customer waits.
CREATE INDEX journal_record_of_coupon ON journal_record (substr(payload, instr(payload, '"serial":"') + 10, 13))
    WHERE kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided');

-- Records that no longer exist anywhere: the agent had pruned them when the hub, restored from a backup, asked.
CREATE TABLE hole (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    noticed_at TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, first_seq)
) STRICT;

-- Records that are kept but could not be projected: their payload is not what their kind promises.
CREATE TABLE refused_record (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
) STRICT;

-- Transactions. `variant` is 0 but where two different sales claim one id (a cloned disk, a number printed twice):
-- both are kept, and somebody must look. An id is made from its business day, so the day in the key adds nothing here;
-- PostgreSQL partitions by it.
CREATE TABLE sale (
    tenant_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    variant INTEGER NOT NULL,
    store_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    workstation_id TEXT NOT NULL,
    business_day TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    sequence_number TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_e4 INTEGER NOT NULL,
    cash_e4 INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (tenant_id, transaction_id, business_day, variant)
) STRICT;

CREATE INDEX sale_by_day ON sale (tenant_id, store_id, business_day, workstation_id);

CREATE TABLE offer_event (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    event TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    serial TEXT NOT NULL,
    business_day TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq, ordinal)
) STRICT;

CREATE TABLE day_close (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    workstation_id TEXT NOT NULL,
    business_day TEXT NOT NULL,
    told_sales INTEGER,
    told_total_e4 INTEGER,
    told_cash_e4 INTEGER,
    missing_numbers TEXT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
) STRICT;

CREATE INDEX day_close_by_day ON day_close (tenant_id, store_id, business_day);

-- Counts a page shows at once, kept in the transaction that changes them; a test recounts them from the rows above.
CREATE TABLE store_total (
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    what TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, store_id, what)
) STRICT;

CREATE TABLE customer (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    language TEXT NOT NULL,
    birthday TEXT NOT NULL,
    tier TEXT NOT NULL,
    points INTEGER NOT NULL,
    household_id TEXT NOT NULL,
    employee INTEGER NOT NULL,
    no_paper INTEGER NOT NULL DEFAULT 0,
    member_since TEXT NOT NULL DEFAULT '',
    permissions TEXT NOT NULL DEFAULT '',
    rfm_cell TEXT NOT NULL DEFAULT '',
    purchases INTEGER,
    last_visit TEXT NOT NULL DEFAULT '',
    points_expiring INTEGER NOT NULL DEFAULT 0,
    points_expire_on TEXT NOT NULL DEFAULT '',
    changed_no INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id)
) STRICT;
-- Who shares an account: their points are added up, and told to all of them, before every mirror.
CREATE INDEX customer_by_household ON customer (tenant_id, household_id) WHERE household_id <> '';

-- The last day on which a customer bought an item, a category or a brand anywhere, as far as the hub knows.
CREATE TABLE customer_bought (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    key TEXT NOT NULL,
    day TEXT NOT NULL,
    changed_no INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, key)
) STRICT, WITHOUT ROWID;

-- How often other channels have made an offer of a campaign to a customer: caps count those too.
CREATE TABLE customer_contact (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    contacts INTEGER NOT NULL,
    changed_no INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, campaign_id)
) STRICT, WITHOUT ROWID;

-- Customers that changed since the newest mirror file was made, by the number of the change.
CREATE TABLE customer_change (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    change_no INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;

-- Two accounts became one: whoever still knows the old id is led to the new one.
CREATE TABLE customer_merge (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    into_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;

-- Where a customer was last seen: what a store's catchment slice is made of.
CREATE TABLE customer_store (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, store_id)
) STRICT, WITHOUT ROWID;

-- Stores whose customers come to another store, too: `near_id`'s belong to `store_id`'s slice.
CREATE TABLE store_near (
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    near_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, store_id, near_id)
) STRICT, WITHOUT ROWID;

-- Codes that nobody knew when they were scanned, sealed to the chain: linked when their holder is known.
CREATE TABLE unknown_code (
    tenant_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    business_day TEXT NOT NULL,
    customer_id TEXT,
    PRIMARY KEY (tenant_id, locator, transaction_id)
) STRICT, WITHOUT ROWID;

-- Lines of receipts that no item of the chain means, by what they brought in.
CREATE TABLE unmapped_line (
    tenant_id TEXT NOT NULL,
    receipt_text TEXT NOT NULL,
    gtin TEXT NOT NULL,
    lines INTEGER NOT NULL,
    revenue_e4 INTEGER NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, receipt_text, gtin)
) STRICT, WITHOUT ROWID;

-- How far the journals were read for what they say of customers and items.
CREATE TABLE learning_cursor (
    agent_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch)
) STRICT, WITHOUT ROWID;

-- A code is kept as a keyed hash (the key lies outside the database); its token is paid for once. `sealed` is the
-- code itself, sealed to the hub, from import until its token is computed; then it is gone.
CREATE TABLE customer_code (
    tenant_id TEXT NOT NULL,
    code_index BLOB NOT NULL,
    kind TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    token BLOB,
    sealed BLOB,
    changed_no INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, code_index)
) STRICT;

CREATE INDEX customer_code_waiting ON customer_code (tenant_id) WHERE token IS NULL;
CREATE INDEX customer_code_by_token ON customer_code (tenant_id, token) WHERE token IS NOT NULL;
CREATE INDEX customer_code_by_customer ON customer_code (tenant_id, customer_id);

CREATE TABLE customer_segment (
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    segment TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    entered TEXT NOT NULL DEFAULT '',
    changed_no INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, segment)
) STRICT;

-- An item may be printed in many ways and carry many codes: one row each. `body` is JSON of all columns.
CREATE TABLE item (
    tenant_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    gtin TEXT NOT NULL,
    receipt_text TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, item_id, gtin, receipt_text)
) STRICT;

-- Numbers of a chain that only grow: `customers` counts changes to customers, codes and segments, `mirror` is the
-- count that the newest mirror file was made of.
CREATE TABLE mark (
    tenant_id TEXT NOT NULL,
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, what)
) STRICT;

CREATE TABLE campaign (
    tenant_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id)
) STRICT;

CREATE TABLE erasure (
    tenant_id TEXT NOT NULL,
    erasure_no INTEGER NOT NULL,
    customer_id TEXT NOT NULL,
    locators TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, erasure_no)
) STRICT;

-- What stores should have: for each kind the newest file, by its content. An overlay belongs on top of the mirror file
-- of version `base`. `scope` says whom it is for: '' the chain, else `store:ID`, `region:NAME` or `ring:NAME`.
CREATE TABLE feed_file (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    base INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    erased_through INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, kind, scope, version)
) STRICT;

-- Points of an account that left its balance for one store, until that store tells what became of them.
CREATE TABLE points_lease (
    tenant_id TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    account TEXT NOT NULL,
    store_id TEXT NOT NULL,
    points INTEGER NOT NULL,
    expires_at TEXT NOT NULL,
    for_request INTEGER NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, lease_id)
) STRICT;

-- The right to redeem one coupon, given to one store until that store tells what became of it.
CREATE TABLE coupon_lease (
    tenant_id TEXT NOT NULL,
    serial TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    for_request INTEGER NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, serial, lease_id)
) STRICT;

CREATE INDEX coupon_lease_of_store ON coupon_lease (tenant_id, store_id, expires_at);

-- What members are told of an account's points and tier, as of the last time that it was worked out for a mirror.
CREATE TABLE points_standing (
    tenant_id TEXT NOT NULL,
    account TEXT NOT NULL,
    points INTEGER NOT NULL,
    expiring INTEGER NOT NULL,
    expire_on TEXT NOT NULL,
    tier TEXT NOT NULL,
    PRIMARY KEY (tenant_id, account)
) STRICT;

-- Stop buttons. `what` is printing, burning or campaign; `lifted_at` is set by a resume; `until` empty: till resumed.
CREATE TABLE stop (
    tenant_id TEXT NOT NULL,
    stop_no INTEGER NOT NULL,
    what TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    why TEXT NOT NULL,
    lifted_at TEXT,
    PRIMARY KEY (tenant_id, stop_no)
) STRICT;

-- Somebody asked for a sale to be theirs. The contact is kept sealed by a key outside the database; the link that
-- confirms it only as its hash. Confirmed once, `customer_id` says whose the sale is.
CREATE TABLE claim (
    tenant_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    total_e4 INTEGER NOT NULL,
    currency TEXT NOT NULL,
    contact_index BLOB NOT NULL,
    contact_kind TEXT NOT NULL,
    contact_sealed BLOB NOT NULL,
    first_name TEXT NOT NULL,
    language TEXT NOT NULL,
    survey TEXT NOT NULL,
    consents TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    confirm_digest BLOB NOT NULL,
    confirmed_at TEXT,
    customer_id TEXT,
    PRIMARY KEY (tenant_id, claim_id)
) STRICT;

CREATE UNIQUE INDEX claim_by_link ON claim (confirm_digest);
CREATE INDEX claim_by_contact ON claim (tenant_id, contact_index);
CREATE UNIQUE INDEX claim_once ON claim (tenant_id, transaction_id) WHERE customer_id IS NOT NULL;

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

-- Troubles of stores that people have been told of, since when: each is told once, and once that it is over.
CREATE TABLE fleet_trouble (
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    trouble TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (tenant_id, store_id, trouble)
) STRICT, WITHOUT ROWID;
