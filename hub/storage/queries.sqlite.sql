-- Statements that only SQLite has.

-- name: bulk
-- Rows appended to a table; names come from our own code and are filled in before it runs.
INSERT INTO {table} ({columns}) VALUES ({marks});

-- name: drill_sales
-- Every sale applied, for the drill, which knows what was rung up.
SELECT store_id, workstation_id, sequence_number, business_day, total_e4 FROM sale
WHERE tenant_id = :tenant_id AND kind <> 'transaction.voided'
ORDER BY store_id, workstation_id, sequence_number, business_day, variant;

-- name: drill_records
-- Every record kept of a store, for the drill, which has the journal it came from.
SELECT epoch, branch, seq, kind, hash FROM journal_record
WHERE agent_id IN (SELECT agent_id FROM agent WHERE tenant_id = :tenant_id AND store_id = :store_id)
ORDER BY epoch, branch, seq;

-- name: drill_unreasoned
-- Refused records that bear no reason, for the drill: there must be none.
SELECT count(*) FROM refused_record WHERE code = '' OR message = '';

-- name: columns
-- Every column of every table of an open database.
SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%';

-- name: coupon_told
-- What a chain's stores told of one coupon, as the index has it.
SELECT a.store_id, r.kind, r.payload, r.occurred_at, r.branch
FROM journal_record r JOIN agent a ON a.agent_id = r.agent_id
WHERE r.kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided')
    AND substr(r.payload, instr(r.payload, '"serial":"') + 10, 13) = :serial AND a.tenant_id = :tenant_id
ORDER BY r.occurred_at, r.agent_id, r.epoch, r.branch, r.seq;
