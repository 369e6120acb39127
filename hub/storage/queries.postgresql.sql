-- Statements that PostgreSQL needs otherwise; the names are those of `queries.sql`.

-- name: lock_agent
SELECT agent_id FROM agent WHERE agent_id = :agent_id FOR UPDATE;

-- name: code_for_use
SELECT tenant_id, store_id, expires_at, used_at, used_by_key_id FROM enrolment_code WHERE digest = :digest FOR UPDATE;

-- name: agent_of_store
SELECT agent_id, epoch FROM agent WHERE tenant_id = :tenant_id AND store_id = :store_id FOR UPDATE;

-- name: sale_variants
-- The limit, larger than any number of variants, keeps the planner from reading whole partitions to hash them.
SELECT s.transaction_id, s.digest FROM jsonb_array_elements(:keys ::jsonb) AS k
CROSS JOIN LATERAL (
    SELECT transaction_id, digest FROM sale
    WHERE tenant_id = :tenant_id AND transaction_id = k ->> 0 AND business_day = k ->> 1 LIMIT 1000
) s;

-- name: mirror_entries
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier, c.points, c.household_id, c.employee,
    (SELECT string_agg(s.segment || '=' || s.valid_until, chr(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id)
FROM customer_code k JOIN customer c ON c.tenant_id = k.tenant_id AND c.customer_id = k.customer_id
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL ORDER BY k.token;
