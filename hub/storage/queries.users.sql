-- Users who sign in, what they did, and what needs a second person. `-- name:` names a statement.

-- name: user
-- One person, left or not.
SELECT name, role, password, created_at, left_at, failures, failed_at FROM hub_user
WHERE tenant_id = :tenant_id AND name = :name;

-- name: users
-- Everybody, those who have left last.
SELECT name, role, password, created_at, left_at, failures, failed_at FROM hub_user
WHERE tenant_id = :tenant_id ORDER BY left_at IS NOT NULL, name;

-- name: put_user
-- A person is made, comes back, gets another role or another password.
INSERT INTO hub_user (tenant_id, name, role, password, created_at) VALUES (:tenant_id, :name, :role, :password, :now)
ON CONFLICT (tenant_id, name) DO UPDATE SET role = excluded.role, password = excluded.password, left_at = NULL,
    failures = 0, failed_at = NULL;

-- name: end_user
-- A person has left.
UPDATE hub_user SET left_at = :now, password = '' WHERE tenant_id = :tenant_id AND name = :name AND left_at IS NULL;

-- name: count_failure
-- One password more that was wrong.
UPDATE hub_user SET failures = failures + 1, failed_at = :now WHERE tenant_id = :tenant_id AND name = :name;

-- name: forget_failures
-- The right password came.
UPDATE hub_user SET failures = 0, failed_at = NULL WHERE tenant_id = :tenant_id AND name = :name;

-- name: open_session
-- A browser is signed in.
INSERT INTO hub_user_session (digest, tenant_id, name, started_at, seen_at)
VALUES (:digest, :tenant_id, :name, :now, :now);

-- name: session_of
-- Who a cookie stands for, unless they have left.
SELECT o.name, o.role, s.started_at, s.seen_at FROM hub_user_session s
JOIN hub_user o ON o.tenant_id = s.tenant_id AND o.name = s.name
WHERE s.digest = :digest AND s.tenant_id = :tenant_id AND o.left_at IS NULL;

-- name: see_session
-- A browser is still used.
UPDATE hub_user_session SET seen_at = :now WHERE digest = :digest;

-- name: end_session
-- One browser signs out.
DELETE FROM hub_user_session WHERE digest = :digest;

-- name: end_sessions_of
-- All browsers of a person: a new password, another role, or they have left.
DELETE FROM hub_user_session WHERE tenant_id = :tenant_id AND name = :name;

-- name: end_old_sessions
-- Browsers that nobody uses any more.
DELETE FROM hub_user_session WHERE tenant_id = :tenant_id AND (seen_at < :idle OR started_at < :old);

-- name: last_audit_entry
-- What the next entry chains to.
SELECT entry_no, hash FROM audit_entry WHERE tenant_id = :tenant_id ORDER BY entry_no DESC LIMIT 1;

-- name: put_audit_entry
-- One thing that somebody did.
INSERT INTO audit_entry (tenant_id, entry_no, at, who, did, subject, detail, hash)
VALUES (:tenant_id, :entry_no, :at, :who, :did, :subject, :detail, :hash);

-- name: audit_entries
-- From an entry on, in order.
SELECT entry_no, at, who, did, subject, detail, hash FROM audit_entry
WHERE tenant_id = :tenant_id AND entry_no >= :first_no ORDER BY entry_no;

-- name: last_proposal
-- The number that the next one follows.
SELECT max(proposal_no) FROM proposal WHERE tenant_id = :tenant_id;

-- name: put_proposal
-- Somebody wants something that a second person has to allow.
INSERT INTO proposal (tenant_id, proposal_no, action, subject, detail, proposed_by, proposed_at)
VALUES (:tenant_id, :proposal_no, :action, :subject, :detail, :who, :now);

-- name: proposals
-- What waits for a second person.
SELECT proposal_no, action, subject, detail, proposed_by, proposed_at FROM proposal
WHERE tenant_id = :tenant_id AND decided_at IS NULL ORDER BY proposal_no;

-- name: decide_proposal
-- A second person has decided; the first who does counts.
UPDATE proposal SET decided_by = :who, decided_at = :now, allowed = :allowed
WHERE tenant_id = :tenant_id AND proposal_no = :proposal_no AND decided_at IS NULL;

-- name: troubles_told
-- What people have been told of.
SELECT store_id, trouble, since FROM fleet_trouble WHERE tenant_id = :tenant_id ORDER BY store_id, trouble;

-- name: put_trouble
-- A trouble that has begun.
INSERT INTO fleet_trouble (tenant_id, store_id, trouble, since) VALUES (:tenant_id, :store_id, :trouble, :now)
ON CONFLICT (tenant_id, store_id, trouble) DO NOTHING;

-- name: drop_trouble
-- A trouble that is over.
DELETE FROM fleet_trouble WHERE tenant_id = :tenant_id AND store_id = :store_id AND trouble = :trouble;
