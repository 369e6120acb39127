-- The hub's schema for PostgreSQL: the sum of the steps in `migrations/`; `schema.sqlite.sql` has the same tables and columns.
-- Tests compare both. Whoever changes it adds a step for both databases.
-- Times are ISO 8601 text in UTC, except `occurred_at`, which is as the store wrote it. Amounts end in `_e4`: integer
-- ten-thousandths of the currency unit.

--
-- `journal_record` is partitioned by agent, so that writers of different stores meet in different indexes; `sale` by the
-- month of its business day, so that an old year is detached and not deleted.

CREATE TABLE hub_schema (
    version BIGINT NOT NULL
);

CREATE TABLE tenant (
    tenant_id TEXT COLLATE "C" PRIMARY KEY,
    country TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE store (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant,
    store_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    last_contact_at TEXT COLLATE "C",
    feed_cursor TEXT COLLATE "C" NOT NULL DEFAULT '',
    erased_through BIGINT NOT NULL DEFAULT 0,
    mirror_version BIGINT,
    campaigns_version BIGINT,
    backlog_records BIGINT,
    parked_records BIGINT,
    program TEXT COLLATE "C" NOT NULL DEFAULT '',
    feed_refused TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    health TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    region TEXT COLLATE "C" NOT NULL DEFAULT '',
    ring TEXT COLLATE "C" NOT NULL DEFAULT '',
    customers TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, store_id)
);

-- One agent a store. `epoch` is the newest that was given out or heard of. Enrolling again fences all other keys.
CREATE TABLE agent (
    agent_id TEXT COLLATE "C" PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    UNIQUE (tenant_id, store_id)
);

CREATE TABLE agent_key (
    key_id TEXT COLLATE "C" PRIMARY KEY,
    agent_id TEXT COLLATE "C" NOT NULL REFERENCES agent,
    epoch BIGINT NOT NULL,
    public_key BYTEA NOT NULL,
    enrolled_at TEXT COLLATE "C" NOT NULL,
    fenced_at TEXT COLLATE "C"
);

-- A code is kept as its hash; it is used by the key that took it, so that a lost answer can be asked for again.
CREATE TABLE enrolment_code (
    digest BYTEA PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    used_at TEXT COLLATE "C",
    used_by_key_id TEXT COLLATE "C"
);

-- One line of history of one agent and epoch. Branch 0 is the one that was heard first; others are forks: another
-- disk with the same identity. A branch begins after `base_seq`: the last record that it shares with `base_branch`, or,
-- without one, the last number before its first record. `base_hash` is what its first record chains to.
CREATE TABLE branch (
    agent_id TEXT COLLATE "C" NOT NULL REFERENCES agent,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    base_branch BIGINT,
    base_seq BIGINT NOT NULL,
    base_hash BYTEA NOT NULL,
    head_seq BIGINT NOT NULL,
    head_hash BYTEA NOT NULL,
    opened_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch)
);

CREATE TABLE journal_record (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    workstation_id TEXT COLLATE "C" NOT NULL,
    occurred_at TEXT COLLATE "C" NOT NULL,
    clock_quality TEXT COLLATE "C" NOT NULL,
    business_day TEXT COLLATE "C" NOT NULL,
    salt BYTEA,
    payload TEXT COLLATE "C",
    payload_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    absent TEXT COLLATE "C",
    received_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
) PARTITION BY HASH (agent_id);

-- Records about value, for reconciliation: a few of a hundred records, found without reading the others.
CREATE INDEX journal_record_of_value ON journal_record (kind, agent_id) WHERE kind IN
    ('coupon.redeemed', 'coupon.restored', 'points.burned', 'points.earned', 'points.leased', 'points.reversed', 'points.unleased');

-- What stores found odd, by time: a few of a million records, looked at by people.
CREATE INDEX journal_record_of_fraud ON journal_record (occurred_at) WHERE kind = 'fraud.flagged';

-- Records about one coupon, found by its number: a store asks while a customer waits.
CREATE INDEX journal_record_of_coupon ON journal_record (substr(payload, strpos(payload, '"serial":"') + 10, 13))
    WHERE kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided');

-- Records that no longer exist anywhere: the agent had pruned them when the hub, restored from a backup, asked.
CREATE TABLE hole (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    noticed_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, first_seq)
);

-- Records that are kept but could not be projected: their payload is not what their kind promises.
CREATE TABLE refused_record (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
);

-- Transactions. `variant` is 0 but where two different sales claim one id (a cloned disk, a number printed twice):
-- both are kept, and somebody must look. An id is made from its business day, so the day in the key adds nothing here;
-- PostgreSQL partitions by it.
CREATE TABLE sale (
    tenant_id TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    variant BIGINT NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    workstation_id TEXT COLLATE "C" NOT NULL,
    business_day TEXT COLLATE "C" NOT NULL,
    occurred_at TEXT COLLATE "C" NOT NULL,
    sequence_number TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    total_e4 BIGINT NOT NULL,
    cash_e4 BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, transaction_id, business_day, variant)
) PARTITION BY RANGE (business_day);

CREATE INDEX sale_by_day ON sale (tenant_id, store_id, business_day, workstation_id);

CREATE TABLE offer_event (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    campaign_id TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    business_day TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq, ordinal)
);

CREATE TABLE day_close (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    workstation_id TEXT COLLATE "C" NOT NULL,
    business_day TEXT COLLATE "C" NOT NULL,
    told_sales BIGINT,
    told_total_e4 BIGINT,
    told_cash_e4 BIGINT,
    missing_numbers TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch, seq)
);

CREATE INDEX day_close_by_day ON day_close (tenant_id, store_id, business_day);

-- Counts a page shows at once, kept in the transaction that changes them; a test recounts them from the rows above.
CREATE TABLE store_total (
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, store_id, what)
);

CREATE TABLE customer (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    first_name TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    birthday TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    points BIGINT NOT NULL,
    household_id TEXT COLLATE "C" NOT NULL,
    employee BIGINT NOT NULL,
    no_paper BIGINT NOT NULL DEFAULT 0,
    member_since TEXT COLLATE "C" NOT NULL DEFAULT '',
    permissions TEXT COLLATE "C" NOT NULL DEFAULT '',
    rfm_cell TEXT COLLATE "C" NOT NULL DEFAULT '',
    purchases BIGINT,
    last_visit TEXT COLLATE "C" NOT NULL DEFAULT '',
    points_expiring BIGINT NOT NULL DEFAULT 0,
    points_expire_on TEXT COLLATE "C" NOT NULL DEFAULT '',
    changed_no BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id)
);
-- Who shares an account: their points are added up, and told to all of them, before every mirror.
CREATE INDEX customer_by_household ON customer (tenant_id, household_id) WHERE household_id <> '';

-- The last day on which a customer bought an item, a category or a brand anywhere, as far as the hub knows.
CREATE TABLE customer_bought (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    changed_no BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, key)
);

-- How often other channels have made an offer of a campaign to a customer: caps count those too.
CREATE TABLE customer_contact (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    campaign_id TEXT COLLATE "C" NOT NULL,
    contacts BIGINT NOT NULL,
    changed_no BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, campaign_id)
);

-- Customers that changed since the newest mirror file was made, by the number of the change.
CREATE TABLE customer_change (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    change_no BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
);

-- Two accounts became one: whoever still knows the old id is led to the new one.
CREATE TABLE customer_merge (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    into_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
);

-- Where a customer was last seen: what a store's catchment slice is made of.
CREATE TABLE customer_store (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    last_day TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, store_id)
);

-- Stores whose customers come to another store, too: `near_id`'s belong to `store_id`'s slice.
CREATE TABLE store_near (
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    near_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, store_id, near_id)
);

-- Codes that nobody knew when they were scanned, sealed to the chain: linked when their holder is known.
CREATE TABLE unknown_code (
    tenant_id TEXT COLLATE "C" NOT NULL,
    locator TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    sealed TEXT COLLATE "C" NOT NULL,
    business_day TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, locator, transaction_id)
);

-- Lines of receipts that no item of the chain means, by what they brought in.
CREATE TABLE unmapped_line (
    tenant_id TEXT COLLATE "C" NOT NULL,
    receipt_text TEXT COLLATE "C" NOT NULL,
    gtin TEXT COLLATE "C" NOT NULL,
    lines BIGINT NOT NULL,
    revenue_e4 BIGINT NOT NULL,
    last_day TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, receipt_text, gtin)
);

-- How far the journals were read for what they say of customers and items.
CREATE TABLE learning_cursor (
    agent_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (agent_id, epoch, branch)
);

-- A code is kept as a keyed hash (the key lies outside the database); its token is paid for once. `sealed` is the
-- code itself, sealed to the hub, from import until its token is computed; then it is gone.
CREATE TABLE customer_code (
    tenant_id TEXT COLLATE "C" NOT NULL,
    code_index BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    token BYTEA,
    sealed BYTEA,
    changed_no BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, code_index)
);

CREATE INDEX customer_code_waiting ON customer_code (tenant_id) WHERE token IS NULL;
CREATE INDEX customer_code_by_token ON customer_code (tenant_id, token) WHERE token IS NOT NULL;
CREATE INDEX customer_code_by_customer ON customer_code (tenant_id, customer_id);

CREATE TABLE customer_segment (
    tenant_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    segment TEXT COLLATE "C" NOT NULL,
    valid_until TEXT COLLATE "C" NOT NULL,
    entered TEXT COLLATE "C" NOT NULL DEFAULT '',
    changed_no BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id, segment)
);

-- An item may be printed in many ways and carry many codes: one row each. `body` is JSON of all columns.
CREATE TABLE item (
    tenant_id TEXT COLLATE "C" NOT NULL,
    item_id TEXT COLLATE "C" NOT NULL,
    gtin TEXT COLLATE "C" NOT NULL,
    receipt_text TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, item_id, gtin, receipt_text)
);

-- Numbers of a chain that only grow: `customers` counts changes to customers, codes and segments, `mirror` is the
-- count that the newest mirror file was made of.
CREATE TABLE mark (
    tenant_id TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, what)
);

CREATE TABLE campaign (
    tenant_id TEXT COLLATE "C" NOT NULL,
    campaign_id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id)
);

CREATE TABLE erasure (
    tenant_id TEXT COLLATE "C" NOT NULL,
    erasure_no BIGINT NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    locators TEXT COLLATE "C" NOT NULL,
    requested_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, erasure_no)
);

-- What stores should have: for each kind the newest file, by its content. An overlay belongs on top of the mirror file
-- of version `base`. `scope` says whom it is for: '' the chain, else `store:ID`, `region:NAME` or `ring:NAME`.
CREATE TABLE feed_file (
    tenant_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL DEFAULT '',
    version BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    as_of TEXT COLLATE "C" NOT NULL,
    base BIGINT NOT NULL DEFAULT 0,
    entries BIGINT NOT NULL DEFAULT 0,
    erased_through BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, kind, scope, version)
);

-- Points of an account that left its balance for one store, until that store tells what became of them.
CREATE TABLE points_lease (
    tenant_id TEXT COLLATE "C" NOT NULL,
    lease_id TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    points BIGINT NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    for_request BIGINT NOT NULL,
    granted_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, lease_id)
);

-- The right to redeem one coupon, given to one store until that store tells what became of it.
CREATE TABLE coupon_lease (
    tenant_id TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    lease_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    for_request BIGINT NOT NULL,
    granted_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, serial, lease_id)
);

CREATE INDEX coupon_lease_of_store ON coupon_lease (tenant_id, store_id, expires_at);

-- What members are told of an account's points and tier, as of the last time that it was worked out for a mirror.
CREATE TABLE points_standing (
    tenant_id TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    points BIGINT NOT NULL,
    expiring BIGINT NOT NULL,
    expire_on TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, account)
);

-- Stop buttons. `what` is printing, burning or campaign; `lifted_at` is set by a resume; `until` empty: till resumed.
CREATE TABLE stop (
    tenant_id TEXT COLLATE "C" NOT NULL,
    stop_no BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    campaign_id TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    since TEXT COLLATE "C" NOT NULL,
    until TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    lifted_at TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, stop_no)
);

-- Enough partitions for the cores of any one machine; a record's follows from its agent.
CREATE TABLE journal_record_00 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE journal_record_01 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE journal_record_02 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE journal_record_03 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE journal_record_04 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE journal_record_05 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE journal_record_06 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE journal_record_07 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE journal_record_08 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE journal_record_09 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE journal_record_10 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE journal_record_11 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE journal_record_12 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE journal_record_13 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE journal_record_14 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE journal_record_15 PARTITION OF journal_record FOR VALUES WITH (MODULUS 16, REMAINDER 15);

-- Sales of months that nobody expects: a clock in 1970, a backlog of years. They are as safe here.
CREATE TABLE sale_other PARTITION OF sale DEFAULT;

-- Make a month's partition, unless it is there or the default one already holds sales of that month.
CREATE FUNCTION make_sale_month(name TEXT, low TEXT, high TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(name) IS NOT NULL
        OR EXISTS (SELECT 1 FROM sale_other WHERE business_day >= low AND business_day < high) THEN
        RETURN FALSE;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF sale FOR VALUES FROM (%L) TO (%L)', name, low, high);
    RETURN TRUE;
END
$$;

-- Somebody asked for a sale to be theirs. The contact is kept sealed by a key outside the database; the link that
-- confirms it only as its hash. Confirmed once, `customer_id` says whose the sale is.
CREATE TABLE claim (
    tenant_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    total_e4 BIGINT NOT NULL,
    currency TEXT NOT NULL,
    contact_index BYTEA NOT NULL,
    contact_kind TEXT NOT NULL,
    contact_sealed BYTEA NOT NULL,
    first_name TEXT NOT NULL,
    language TEXT NOT NULL,
    survey TEXT NOT NULL,
    consents TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    confirm_digest BYTEA NOT NULL,
    confirmed_at TEXT,
    customer_id TEXT,
    PRIMARY KEY (tenant_id, claim_id)
);

CREATE UNIQUE INDEX claim_by_link ON claim (confirm_digest);
CREATE INDEX claim_by_contact ON claim (tenant_id, contact_index);
CREATE UNIQUE INDEX claim_once ON claim (tenant_id, transaction_id) WHERE customer_id IS NOT NULL;

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

-- Troubles of stores that people have been told of, since when: each is told once, and once that it is over.
CREATE TABLE fleet_trouble (
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    trouble TEXT COLLATE "C" NOT NULL,
    since TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, store_id, trouble)
);
