-- Statements that PostgreSQL needs otherwise; the names are those of `queries.sql`.

-- name: lock_agent
-- With a lock on the row: batches of one agent take turns among all workers.
SELECT agent_id FROM agent WHERE agent_id = :agent_id FOR UPDATE;

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
-- As in `queries.sql`, with this database's aggregate.
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier, c.points, c.household_id, c.employee,
    (SELECT string_agg(s.segment || '=' || s.valid_until, chr(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id)
FROM customer_code k JOIN customer c ON c.tenant_id = k.tenant_id AND c.customer_id = k.customer_id
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL ORDER BY k.token;

-- name: lock_schema
-- Whoever makes the schema takes turns.
SELECT pg_advisory_xact_lock(:number);

-- name: has_schema
-- Was the schema made in this database?
SELECT to_regclass('hub_schema') IS NOT NULL;

-- name: put_schema_version
-- Say which version of the schema this is.
INSERT INTO hub_schema (version) VALUES (:version);

-- name: schema_version
-- Which version of the schema this is.
SELECT version FROM hub_schema;

-- name: make_sale_month
-- Make a month's partition of `sale` (the function stands in the schema).
SELECT make_sale_month(:name, :low, :high);

-- name: column_types
-- The type of every column: binary COPY must be told, text COPY costs a third more on both ends.
SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = current_schema();
