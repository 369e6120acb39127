-- Every statement of the hub. `-- name:` names it, the comment says what it is for.

-- name: put_tenant
-- A tenant is made once; making it again changes nothing.
INSERT INTO tenant (tenant_id, country, created_at) VALUES (:tenant_id, :country, :now)
ON CONFLICT (tenant_id) DO NOTHING;

-- name: tenant
-- One chain.
SELECT tenant_id, country FROM tenant WHERE tenant_id = :tenant_id;

-- name: tenants
-- All chains; also what health checks read.
SELECT tenant_id FROM tenant ORDER BY tenant_id;

-- name: put_store
-- A store is made when its first code is issued; a repeat keeps what is known of it.
INSERT INTO store (tenant_id, store_id, name, created_at) VALUES (:tenant_id, :store_id, :name, :now)
ON CONFLICT (tenant_id, store_id) DO NOTHING;

-- name: touch_store
-- Last contact, from any signed request.
UPDATE store SET last_contact_at = :now WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: report_store
-- What a store says it has in use; the erasure mark never goes back.
UPDATE store SET
    last_contact_at = :now,
    feed_cursor = :feed_cursor,
    erased_through = CASE WHEN erased_through > :erased_through THEN erased_through ELSE :erased_through END,
    mirror_version = :mirror_version,
    campaigns_version = :campaigns_version,
    backlog_records = :backlog_records,
    parked_records = :parked_records,
    program = :program,
    health = :health,
    feed_refused = :feed_refused
WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: stores
-- One line a store for pages and `hub stores`.
SELECT s.store_id, s.name, s.last_contact_at, s.feed_cursor, s.erased_through, s.mirror_version, s.campaigns_version,
    s.backlog_records, s.parked_records, s.program, s.feed_refused, a.epoch, s.region, s.ring, s.health
FROM store s LEFT JOIN agent a ON a.tenant_id = s.tenant_id AND a.store_id = s.store_id
WHERE s.tenant_id = :tenant_id ORDER BY s.store_id;

-- name: store_totals
-- The kept counts of all stores.
SELECT store_id, what, total FROM store_total WHERE tenant_id = :tenant_id;

-- name: store_troubles
-- Those of the kept counts that tell of something wrong.
SELECT store_id, what, total FROM store_total WHERE tenant_id = :tenant_id AND what IN ('forks', 'refused');

-- name: add_total
-- Add to a kept count, in the transaction that changes what it counts.
INSERT INTO store_total (tenant_id, store_id, what, total) VALUES (:tenant_id, :store_id, :what, :total)
ON CONFLICT (tenant_id, store_id, what) DO UPDATE SET total = store_total.total + excluded.total;

-- name: put_code
-- Keep a new enrolment code's hash.
INSERT INTO enrolment_code (digest, tenant_id, store_id, created_at, expires_at)
VALUES (:digest, :tenant_id, :store_id, :now, :expires_at);

-- name: code_for_use
-- Locked until the transaction ends, so that two devices racing with one code cannot both win.
SELECT tenant_id, store_id, expires_at, used_at, used_by_key_id FROM enrolment_code WHERE digest = :digest;

-- name: use_code
-- Mark a code as used; nobody else's use is overwritten.
UPDATE enrolment_code SET used_at = :now, used_by_key_id = :key_id WHERE digest = :digest AND used_at IS NULL;

-- name: agent_of_store
-- A store's agent and the newest epoch heard of.
SELECT agent_id, epoch FROM agent WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: put_agent
-- Make a store's agent at its first enrolment.
INSERT INTO agent (agent_id, tenant_id, store_id, epoch, created_at)
VALUES (:agent_id, :tenant_id, :store_id, :epoch, :now);

-- name: raise_epoch
-- Epochs only rise.
UPDATE agent SET epoch = :epoch WHERE agent_id = :agent_id AND epoch < :epoch;

-- name: put_key
-- A key that enrols again keeps its name and gets the new epoch.
INSERT INTO agent_key (key_id, agent_id, epoch, public_key, enrolled_at)
VALUES (:key_id, :agent_id, :epoch, :public_key, :now)
ON CONFLICT (key_id) DO UPDATE SET agent_id = excluded.agent_id, epoch = excluded.epoch,
    enrolled_at = excluded.enrolled_at, fenced_at = NULL;

-- name: fence_other_keys
-- From now on only the newest key speaks for the store.
UPDATE agent_key SET fenced_at = :now WHERE agent_id = :agent_id AND key_id <> :key_id AND fenced_at IS NULL;

-- name: caller
-- Who signs with this key.
SELECT k.public_key, k.epoch, k.fenced_at, a.agent_id, a.tenant_id, a.store_id
FROM agent_key k JOIN agent a ON a.agent_id = k.agent_id WHERE k.key_id = :key_id;

-- name: lock_agent
-- Its epoch. Batches of one agent are taken one after the other; SQLite has one writer anyway.
SELECT epoch FROM agent WHERE agent_id = :agent_id;

-- name: branches
-- All branches of one epoch.
SELECT branch, base_branch, base_seq, base_hash, head_seq, head_hash FROM branch
WHERE agent_id = :agent_id AND epoch = :epoch ORDER BY branch;

-- name: known_records
-- What is known, on any branch, of the places that a batch speaks of.
SELECT branch, seq, hash, absent FROM journal_record
WHERE agent_id = :agent_id AND epoch = :epoch AND seq BETWEEN :first_seq AND :last_seq;

-- name: open_branch
-- A new line of history: the first of an epoch, or a fork.
INSERT INTO branch (agent_id, epoch, branch, base_branch, base_seq, base_hash, head_seq, head_hash, opened_at)
VALUES (:agent_id, :epoch, :branch, :base_branch, :base_seq, :base_hash, :head_seq, :head_hash, :now);

-- name: move_head
-- A branch grew.
UPDATE branch SET head_seq = :head_seq, head_hash = :head_hash
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch;

-- name: put_hole
-- Remember that records are gone.
INSERT INTO hole (agent_id, epoch, branch, first_seq, last_seq, noticed_at)
VALUES (:agent_id, :epoch, :branch, :first_seq, :last_seq, :now);

-- name: holes
-- What is missing of an epoch.
SELECT branch, first_seq, last_seq FROM hole WHERE agent_id = :agent_id AND epoch = :epoch ORDER BY branch, first_seq;

-- name: drop_hole
-- A hole was filled, wholly or in part; what is left of it is put again.
DELETE FROM hole WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND first_seq = :first_seq;

-- name: record_headers
-- What stands at one place, on every branch: all that its hash is made of.
SELECT branch, kind, workstation_id, occurred_at, clock_quality, business_day, payload_hash, hash FROM journal_record
WHERE agent_id = :agent_id AND epoch = :epoch AND seq = :seq;

-- name: fill_record
-- A payload that this hub had refused, or the agent had withheld, arrives after all; its hash was kept.
UPDATE journal_record SET salt = :salt, payload = :payload, absent = NULL
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq = :seq AND absent = 'withheld';

-- name: put_refused
-- Keep why a record could not be projected; a repeat keeps the first reason.
INSERT INTO refused_record (agent_id, epoch, branch, seq, tenant_id, store_id, code, message)
VALUES (:agent_id, :epoch, :branch, :seq, :tenant_id, :store_id, :code, :message)
ON CONFLICT (agent_id, epoch, branch, seq) DO NOTHING;

-- name: refused_between
-- Which records of a batch could not be projected.
SELECT seq, code, message FROM refused_record
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq BETWEEN :first_seq AND :last_seq
ORDER BY seq;

-- name: sale_variants
-- What stands under the ids of a batch; `keys` is a JSON list of [transaction_id, business_day]. CROSS JOIN keeps the
-- order of the loops: the other way round, each batch would read all sales of the chain.
SELECT s.transaction_id, s.digest FROM json_each(:keys) k
CROSS JOIN sale s ON s.tenant_id = :tenant_id AND s.transaction_id = k.value ->> 0 AND s.business_day = k.value ->> 1;

-- name: marks_known
-- The hashes that this hub has at one place, on any branch.
SELECT hash FROM journal_record WHERE agent_id = :agent_id AND epoch = :epoch AND seq = :seq;

-- name: head_seq
-- How far an epoch goes on any branch.
SELECT max(head_seq) FROM branch WHERE agent_id = :agent_id AND epoch = :epoch;

-- name: forks
-- All forks of a chain, newest first.
SELECT a.store_id, b.agent_id, b.epoch, b.branch, b.base_seq, b.head_seq, b.opened_at
FROM branch b JOIN agent a ON a.agent_id = b.agent_id
WHERE a.tenant_id = :tenant_id AND b.branch > 0 ORDER BY b.opened_at DESC;

-- name: put_item
-- One printed text or code of an item.
INSERT INTO item (tenant_id, item_id, gtin, receipt_text, body)
VALUES (:tenant_id, :item_id, :gtin, :receipt_text, :body)
ON CONFLICT (tenant_id, item_id, gtin, receipt_text) DO UPDATE SET body = excluded.body
WHERE item.body <> excluded.body;

-- name: put_campaign
-- One campaign as its table.
INSERT INTO campaign (tenant_id, campaign_id, body) VALUES (:tenant_id, :campaign_id, :body)
ON CONFLICT (tenant_id, campaign_id) DO UPDATE SET body = excluded.body WHERE campaign.body <> excluded.body;

-- name: drop_items
-- For `--replace`.
DELETE FROM item WHERE tenant_id = :tenant_id;

-- name: drop_campaigns
-- For `--replace`.
DELETE FROM campaign WHERE tenant_id = :tenant_id;

-- name: known_customer
-- Is there such a customer?
SELECT 1 FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: segment_names
-- Which segments the chain has: rules may name them.
SELECT DISTINCT segment FROM customer_segment WHERE tenant_id = :tenant_id ORDER BY segment;

-- name: items
-- All items, in an order of their own.
SELECT body FROM item WHERE tenant_id = :tenant_id ORDER BY item_id, gtin, receipt_text;

-- name: campaigns
-- All campaigns, in an order of their own.
SELECT body FROM campaign WHERE tenant_id = :tenant_id ORDER BY campaign_id;

-- name: waiting_codes
-- Codes whose token is still to be paid for.
SELECT code_index, sealed FROM customer_code WHERE tenant_id = :tenant_id AND token IS NULL LIMIT :rows_max;

-- name: count_waiting_codes
-- How many tokens are still to be paid for.
SELECT count(*) FROM customer_code WHERE tenant_id = :tenant_id AND token IS NULL;

-- name: keep_token
-- The token is kept and the code itself goes.
UPDATE customer_code SET token = :token, sealed = NULL WHERE tenant_id = :tenant_id AND code_index = :code_index;

-- name: raise_mark
-- Add to a number.
INSERT INTO mark (tenant_id, what, number) VALUES (:tenant_id, :what, :number)
ON CONFLICT (tenant_id, what) DO UPDATE SET number = mark.number + excluded.number;

-- name: set_mark
-- Set a number.
INSERT INTO mark (tenant_id, what, number) VALUES (:tenant_id, :what, :number)
ON CONFLICT (tenant_id, what) DO UPDATE SET number = excluded.number;

-- name: mark
-- Read a number.
SELECT number FROM mark WHERE tenant_id = :tenant_id AND what = :what;

-- name: captured_days
-- What was captured, per lane and business day; a void is no sale. Whole units and the rest apart: a hundred absurd
-- amounts of one lane would pass 64 bits, and the list of the whole chain with them.
SELECT store_id, workstation_id, business_day, count(*),
    CAST(sum(total_e4 / 10000) AS BIGINT), CAST(sum(total_e4 - total_e4 / 10000 * 10000) AS BIGINT),
    CAST(sum(cash_e4 / 10000) AS BIGINT), CAST(sum(cash_e4 - cash_e4 / 10000 * 10000) AS BIGINT)
FROM sale
WHERE tenant_id = :tenant_id AND business_day BETWEEN :first_day AND :last_day AND kind <> 'transaction.voided'
GROUP BY store_id, workstation_id, business_day;

-- name: told_days
-- What Z reports told, oldest first; of two for one lane and day the later one counts.
SELECT store_id, workstation_id, business_day, told_sales, told_total_e4, told_cash_e4, missing_numbers
FROM day_close WHERE tenant_id = :tenant_id AND business_day BETWEEN :first_day AND :last_day
ORDER BY store_id, epoch, branch, seq;
