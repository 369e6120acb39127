-- Every statement of the hub. `-- name:` names it, the comment says what it is for.

-- name: put_tenant
-- A tenant is made once; making it again changes nothing.
INSERT INTO tenant (tenant_id, country, created_at) VALUES (:tenant_id, :country, :now)
ON CONFLICT (tenant_id) DO NOTHING;

-- name: tenant
SELECT tenant_id, country FROM tenant WHERE tenant_id = :tenant_id;

-- name: tenants
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
    program = :program
WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: stores
-- One line a store for pages and `hub stores`.
SELECT s.store_id, s.name, s.last_contact_at, s.feed_cursor, s.erased_through, s.mirror_version, s.campaigns_version,
    s.backlog_records, s.parked_records, s.program, a.agent_id, a.epoch
FROM store s LEFT JOIN agent a ON a.tenant_id = s.tenant_id AND a.store_id = s.store_id
WHERE s.tenant_id = :tenant_id ORDER BY s.store_id;

-- name: store_totals
SELECT store_id, what, total FROM store_total WHERE tenant_id = :tenant_id;

-- name: add_total
INSERT INTO store_total (tenant_id, store_id, what, total) VALUES (:tenant_id, :store_id, :what, :total)
ON CONFLICT (tenant_id, store_id, what) DO UPDATE SET total = store_total.total + excluded.total;

-- name: put_code
INSERT INTO enrolment_code (digest, tenant_id, store_id, created_at, expires_at)
VALUES (:digest, :tenant_id, :store_id, :now, :expires_at);

-- name: code_for_use
-- Locked until the transaction ends, so that two devices racing with one code cannot both win.
SELECT tenant_id, store_id, expires_at, used_at, used_by_key_id FROM enrolment_code WHERE digest = :digest;

-- name: use_code
UPDATE enrolment_code SET used_at = :now, used_by_key_id = :key_id WHERE digest = :digest AND used_at IS NULL;

-- name: agent_of_store
SELECT agent_id, epoch FROM agent WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: put_agent
INSERT INTO agent (agent_id, tenant_id, store_id, epoch, created_at)
VALUES (:agent_id, :tenant_id, :store_id, :epoch, :now);

-- name: raise_epoch
UPDATE agent SET epoch = :epoch WHERE agent_id = :agent_id AND epoch < :epoch;

-- name: put_key
-- A key that enrols again keeps its name and gets the new epoch.
INSERT INTO agent_key (key_id, agent_id, epoch, public_key, enrolled_at)
VALUES (:key_id, :agent_id, :epoch, :public_key, :now)
ON CONFLICT (key_id) DO UPDATE SET agent_id = excluded.agent_id, epoch = excluded.epoch,
    enrolled_at = excluded.enrolled_at, fenced_at = NULL;

-- name: fence_other_keys
UPDATE agent_key SET fenced_at = :now WHERE agent_id = :agent_id AND key_id <> :key_id AND fenced_at IS NULL;

-- name: caller
-- Who signs with this key.
SELECT k.public_key, k.epoch, k.fenced_at, a.agent_id, a.tenant_id, a.store_id
FROM agent_key k JOIN agent a ON a.agent_id = k.agent_id WHERE k.key_id = :key_id;

-- name: lock_agent
-- Batches of one agent are taken one after the other. SQLite has one writer anyway.
SELECT agent_id FROM agent WHERE agent_id = :agent_id;

-- name: branches
SELECT branch, base_branch, base_seq, head_seq, head_hash FROM branch
WHERE agent_id = :agent_id AND epoch = :epoch ORDER BY branch;

-- name: known_records
-- What is known, on any branch, of the places that a batch speaks of.
SELECT branch, seq, hash, absent FROM journal_record
WHERE agent_id = :agent_id AND epoch = :epoch AND seq BETWEEN :first_seq AND :last_seq;

-- name: open_branch
INSERT INTO branch (agent_id, epoch, branch, base_branch, base_seq, head_seq, head_hash, opened_at)
VALUES (:agent_id, :epoch, :branch, :base_branch, :base_seq, :head_seq, :head_hash, :now);

-- name: move_head
UPDATE branch SET head_seq = :head_seq, head_hash = :head_hash
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch;

-- name: put_hole
INSERT INTO hole (agent_id, epoch, branch, first_seq, last_seq, noticed_at)
VALUES (:agent_id, :epoch, :branch, :first_seq, :last_seq, :now);

-- name: fill_record
-- A payload that this hub had refused, or the agent had withheld, arrives after all; its hash was kept.
UPDATE journal_record SET salt = :salt, payload = :payload, absent = NULL
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq = :seq AND absent = 'withheld';

-- name: put_refused
INSERT INTO refused_record (agent_id, epoch, branch, seq, tenant_id, store_id, code, message)
VALUES (:agent_id, :epoch, :branch, :seq, :tenant_id, :store_id, :code, :message)
ON CONFLICT (agent_id, epoch, branch, seq) DO NOTHING;

-- name: refused_between
SELECT seq, code, message FROM refused_record
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq BETWEEN :first_seq AND :last_seq
ORDER BY seq;

-- name: sale_variants
SELECT variant, digest FROM sale WHERE tenant_id = :tenant_id AND transaction_id = :transaction_id ORDER BY variant;

-- name: put_sale
INSERT INTO sale (tenant_id, transaction_id, variant, store_id, agent_id, epoch, branch, seq, kind, workstation_id,
    business_day, occurred_at, sequence_number, currency, total_e4, cash_e4, lines, digest)
VALUES (:tenant_id, :transaction_id, :variant, :store_id, :agent_id, :epoch, :branch, :seq, :kind, :workstation_id,
    :business_day, :occurred_at, :sequence_number, :currency, :total_e4, :cash_e4, :lines, :digest);

-- name: marks_known
-- The hashes that this hub has at one place, on any branch.
SELECT hash FROM journal_record WHERE agent_id = :agent_id AND epoch = :epoch AND seq = :seq;

-- name: head_seq
SELECT max(head_seq) FROM branch WHERE agent_id = :agent_id AND epoch = :epoch;

-- name: forks
SELECT a.store_id, b.agent_id, b.epoch, b.branch, b.base_seq, b.head_seq, b.opened_at
FROM branch b JOIN agent a ON a.agent_id = b.agent_id
WHERE a.tenant_id = :tenant_id AND b.branch > 0 ORDER BY b.opened_at DESC;

-- name: put_feed_file
INSERT INTO feed_file (tenant_id, kind, version, sha256, size_bytes, as_of)
VALUES (:tenant_id, :kind, :version, :sha256, :size_bytes, :as_of);

-- name: newest_feed_files
-- For each kind the newest file.
SELECT f.kind, f.version, f.sha256, f.size_bytes, f.as_of FROM feed_file f
WHERE f.tenant_id = :tenant_id
    AND f.version = (SELECT max(version) FROM feed_file WHERE tenant_id = f.tenant_id AND kind = f.kind)
ORDER BY f.kind;

-- name: feed_file
-- A file may be fetched by stores of its own tenant only.
SELECT size_bytes FROM feed_file WHERE tenant_id = :tenant_id AND sha256 = :sha256;

-- name: old_feed_files
SELECT sha256 FROM feed_file WHERE tenant_id = :tenant_id AND kind = :kind AND version < :version;

-- name: drop_old_feed_files
DELETE FROM feed_file WHERE tenant_id = :tenant_id AND kind = :kind AND version < :version;

-- name: erasures
SELECT erasure_no, customer_id, locators, requested_at FROM erasure WHERE tenant_id = :tenant_id ORDER BY erasure_no;

-- name: put_erasure
INSERT INTO erasure (tenant_id, erasure_no, customer_id, locators, requested_at)
VALUES (:tenant_id, :erasure_no, :customer_id, :locators, :now);

-- name: last_erasure
SELECT max(erasure_no) FROM erasure WHERE tenant_id = :tenant_id;
