-- Claims: sales of strangers that become somebody's.

-- name: chain_keys
-- Every key that a store of the chain signs with, and those that were replaced lately.
SELECT k.public_key FROM agent_key k JOIN agent a ON a.agent_id = k.agent_id
WHERE a.tenant_id = :tenant_id AND (k.fenced_at IS NULL OR k.fenced_at > :fenced_after);

-- name: sale_record
-- The record of a sale as its store wrote it, once it has arrived.
SELECT r.payload, s.store_id FROM sale s JOIN journal_record r
    ON r.agent_id = s.agent_id AND r.epoch = s.epoch AND r.branch = s.branch AND r.seq = s.seq
WHERE s.tenant_id = :tenant_id AND s.transaction_id = :transaction_id ORDER BY s.variant LIMIT 1;

-- name: claimed
-- Whose a sale is already.
SELECT customer_id FROM claim
WHERE tenant_id = :tenant_id AND transaction_id = :transaction_id AND customer_id IS NOT NULL;

-- name: count_asked
-- How many links a contact was sent since a moment.
SELECT count(*) FROM claim WHERE tenant_id = :tenant_id AND contact_index = :contact_index AND asked_at > :since;

-- name: count_claimed
-- How many sales became a contact's since a moment.
SELECT count(*) FROM claim WHERE tenant_id = :tenant_id AND contact_index = :contact_index AND confirmed_at > :since
    AND customer_id IS NOT NULL;

-- name: put_claim
-- Keep what somebody wishes, until they confirm it.
INSERT INTO claim (tenant_id, claim_id, transaction_id, total_e4, currency, contact_index, contact_kind,
    contact_sealed, first_name, language, survey, consents, asked_at, confirm_digest)
VALUES (:tenant_id, :claim_id, :transaction_id, :total_e4, :currency, :contact_index, :contact_kind,
    :contact_sealed, :first_name, :language, :survey, :consents, :now, :confirm_digest);

-- name: drop_claim
-- Its message could not be sent.
DELETE FROM claim WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND confirmed_at IS NULL;

-- name: claim_by_link
-- The claim that a link confirms.
SELECT claim_id, transaction_id, contact_index, contact_kind, contact_sealed, first_name, language, asked_at,
    confirmed_at, customer_id
FROM claim WHERE tenant_id = :tenant_id AND confirm_digest = :confirm_digest;

-- name: confirm_claim
-- From now on the sale is somebody's; a second time changes nothing.
UPDATE claim SET confirmed_at = :now, customer_id = :customer_id
WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND confirmed_at IS NULL;

-- name: employee
-- Whether a customer works for the chain.
SELECT employee FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: claims
-- The ledger of claims with their consents, newest first.
SELECT claim_id, transaction_id, contact_kind, language, survey, consents, asked_at, confirmed_at, customer_id
FROM claim WHERE tenant_id = :tenant_id ORDER BY asked_at DESC, claim_id LIMIT :rows_max;
