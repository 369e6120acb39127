-- Statements that PostgreSQL needs otherwise; the names are those of the files that both share.

-- name: lock_agent
-- Its epoch, with a lock on the row: batches of one agent take turns among all workers.
SELECT epoch FROM agent WHERE agent_id = :agent_id FOR UPDATE;

-- name: code_for_use
-- With a lock on the row: of two devices racing with one code, one waits.
SELECT tenant_id, store_id, expires_at, used_at, used_by_key_id FROM enrolment_code WHERE digest = :digest FOR UPDATE;

-- name: agent_of_store
-- With a lock on the row: two enrolments of one store take turns.
SELECT agent_id, epoch FROM agent WHERE tenant_id = :tenant_id AND store_id = :store_id FOR UPDATE;

-- name: sale_variants
-- The limit, larger than any number of variants, keeps the planner from reading whole partitions to hash them.
SELECT s.transaction_id, s.digest FROM jsonb_array_elements(:keys ::jsonb) AS k
CROSS JOIN LATERAL (
    SELECT transaction_id, digest FROM sale
    WHERE tenant_id = :tenant_id AND transaction_id = k ->> 0 AND business_day = k ->> 1 LIMIT 1000
) s;

-- name: mirror_entries
-- As in `queries.people.sql`, with this database's aggregate.
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier,
    coalesce(p.points, c.points), c.household_id, c.employee,
    c.no_paper, c.member_since, c.permissions, c.rfm_cell, c.purchases, c.last_visit,
    CASE WHEN p.expiring > 0 THEN p.expiring ELSE c.points_expiring END,
    CASE WHEN p.expiring > 0 THEN p.expire_on ELSE c.points_expire_on END, coalesce(p.tier, ''),
    (SELECT string_agg(s.segment || '=' || s.valid_until || '=' || s.entered, chr(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id),
    (SELECT string_agg(b.key || '=' || b.day, chr(31)) FROM customer_bought b
     WHERE b.tenant_id = c.tenant_id AND b.customer_id = c.customer_id),
    (SELECT string_agg(n.campaign_id || '=' || n.contacts, chr(31)) FROM customer_contact n
     WHERE n.tenant_id = c.tenant_id AND n.customer_id = c.customer_id)
FROM customer_code k JOIN customer c ON c.tenant_id = k.tenant_id AND c.customer_id = k.customer_id
LEFT JOIN points_standing p ON p.tenant_id = c.tenant_id
    AND p.account = CASE WHEN c.household_id <> '' THEN c.household_id ELSE c.customer_id END
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL
    AND (:store_id = '' OR EXISTS (
        SELECT 1 FROM customer_store v
        WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id AND v.last_day >= :since AND (
            v.store_id = :store_id OR v.store_id IN (
                SELECT n.near_id FROM store_near n WHERE n.tenant_id = :tenant_id AND n.store_id = :store_id)))
    OR (:unplaced = 1 AND NOT EXISTS (
        SELECT 1 FROM customer_store v WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id)))
ORDER BY k.token;

-- name: mirror_changes
-- As there.
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier,
    coalesce(p.points, c.points), c.household_id, c.employee,
    c.no_paper, c.member_since, c.permissions, c.rfm_cell, c.purchases, c.last_visit,
    CASE WHEN p.expiring > 0 THEN p.expiring ELSE c.points_expiring END,
    CASE WHEN p.expiring > 0 THEN p.expire_on ELSE c.points_expire_on END, coalesce(p.tier, ''),
    (SELECT string_agg(s.segment || '=' || s.valid_until || '=' || s.entered, chr(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id),
    (SELECT string_agg(b.key || '=' || b.day, chr(31)) FROM customer_bought b
     WHERE b.tenant_id = c.tenant_id AND b.customer_id = c.customer_id),
    (SELECT string_agg(n.campaign_id || '=' || n.contacts, chr(31)) FROM customer_contact n
     WHERE n.tenant_id = c.tenant_id AND n.customer_id = c.customer_id)
FROM customer_code k JOIN customer c ON c.tenant_id = k.tenant_id AND c.customer_id = k.customer_id
LEFT JOIN points_standing p ON p.tenant_id = c.tenant_id
    AND p.account = CASE WHEN c.household_id <> '' THEN c.household_id ELSE c.customer_id END
JOIN customer_change x ON x.tenant_id = c.tenant_id AND x.customer_id = c.customer_id
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL AND x.change_no <= :change_no
    AND (:store_id = '' OR EXISTS (
        SELECT 1 FROM customer_store v
        WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id AND v.last_day >= :since AND (
            v.store_id = :store_id OR v.store_id IN (
                SELECT n.near_id FROM store_near n WHERE n.tenant_id = :tenant_id AND n.store_id = :store_id)))
    OR (:unplaced = 1 AND NOT EXISTS (
        SELECT 1 FROM customer_store v WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id)))
ORDER BY k.token;

-- name: touch_customers
-- As in `queries.people.sql`, with this database's reading of a list.
INSERT INTO customer_change (tenant_id, customer_id, change_no)
SELECT :tenant_id, found.customer_id, :change_no FROM (
    SELECT c.customer_id FROM jsonb_array_elements_text(:customer_ids ::jsonb) AS k(id)
    JOIN customer c ON c.tenant_id = :tenant_id AND c.customer_id = k.id AND c.changed_no = :change_no
    UNION SELECT s.customer_id FROM jsonb_array_elements_text(:customer_ids ::jsonb) AS k(id)
    JOIN customer_segment s ON s.tenant_id = :tenant_id AND s.customer_id = k.id AND s.changed_no = :change_no
    UNION SELECT n.customer_id FROM jsonb_array_elements_text(:customer_ids ::jsonb) AS k(id)
    JOIN customer_contact n ON n.tenant_id = :tenant_id AND n.customer_id = k.id AND n.changed_no = :change_no
    UNION SELECT b.customer_id FROM jsonb_array_elements_text(:customer_ids ::jsonb) AS k(id)
    JOIN customer_bought b ON b.tenant_id = :tenant_id AND b.customer_id = k.id AND b.changed_no = :change_no
    UNION SELECT d.customer_id FROM jsonb_array_elements_text(:customer_ids ::jsonb) AS k(id)
    JOIN customer_code d ON d.tenant_id = :tenant_id AND d.customer_id = k.id AND d.changed_no = :change_no
) AS found
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET change_no = excluded.change_no;

-- name: lock_schema
-- Whoever makes the schema takes turns.
SELECT pg_advisory_xact_lock(:number);

-- name: take_turn
-- Wait for a turn among all hubs; it is held by the connection, outside any transaction.
SELECT pg_advisory_lock(hashtextextended('tillstream ' || :turn ::text, 0));

-- name: has_schema
-- Was the schema made in this database?
SELECT to_regclass('hub_schema') IS NOT NULL;

-- name: put_schema_version
-- Say which version of the schema this is.
INSERT INTO hub_schema (version) VALUES (:version);

-- name: raise_schema_version
-- Say that a migration was done.
UPDATE hub_schema SET version = :version;

-- name: schema_version
-- Which version of the schema this is.
SELECT version FROM hub_schema;

-- name: make_sale_month
-- Make a month's partition of `sale` (the function stands in the schema).
SELECT make_sale_month(:name, :low, :high);

-- name: column_types
-- The type of every column: binary COPY must be told, text COPY costs a third more on both ends.
SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = current_schema();

-- name: coupon_told
-- What a chain's stores told of one coupon, as the index has it.
SELECT a.store_id, r.kind, r.payload, r.occurred_at, r.branch
FROM journal_record r JOIN agent a ON a.agent_id = r.agent_id
WHERE r.kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided')
    AND substr(r.payload, strpos(r.payload, '"serial":"') + 10, 13) = :serial AND a.tenant_id = :tenant_id
ORDER BY r.occurred_at, r.agent_id, r.epoch, r.branch, r.seq;
