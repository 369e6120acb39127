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

-- name: count_asked_by_receipt
-- How many links went out for a sale since a moment, to whomever.
SELECT count(*) FROM claim WHERE tenant_id = :tenant_id AND transaction_id = :transaction_id AND asked_at > :since;

-- name: count_claimed
-- How many sales became a person's since a moment, by whichever of their contacts.
SELECT count(*) FROM claim WHERE tenant_id = :tenant_id AND confirmed_at > :since AND customer_id IS NOT NULL
    AND currency <> '' AND contact_index IN (
        SELECT code_index FROM customer_code WHERE tenant_id = :tenant_id AND customer_id = :customer_id
    );

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

-- name: told_on_page
-- What was allowed and answered on the page of a claim.
SELECT consents, survey FROM claim WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: confirm_claim
-- From now on the sale is somebody's; a second time changes nothing.
UPDATE claim SET confirmed_at = :now, customer_id = :customer_id
WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND confirmed_at IS NULL;

-- name: points_of_member
-- A customer's balance: what the stores' journals make of it, else what the chain has said.
SELECT coalesce(p.points, c.points) FROM customer c LEFT JOIN points_standing p ON p.tenant_id = c.tenant_id
    AND p.account = CASE WHEN c.household_id <> '' THEN c.household_id ELSE c.customer_id END
WHERE c.tenant_id = :tenant_id AND c.customer_id = :customer_id;

-- name: employee
-- Whether a customer works for the chain.
SELECT employee FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: claims
-- The ledger of claims with their consents, newest first.
SELECT claim_id, transaction_id, contact_kind, language, survey, consents, asked_at, confirmed_at, customer_id
FROM claim WHERE tenant_id = :tenant_id ORDER BY asked_at DESC, claim_id LIMIT :rows_max;

-- name: waiting_consents
-- What somebody who joined at a screen allows once their contact has answered.
SELECT consents FROM claim WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND confirmed_at IS NULL;

-- name: keep_waiting_consents
-- One more permission that waits for a second yes.
UPDATE claim SET consents = :consents
WHERE tenant_id = :tenant_id AND claim_id = :claim_id AND confirmed_at IS NULL;

-- name: to_be_asked
-- Who joined at a screen and was not sent a message yet.
SELECT claim_id, contact_index, contact_kind, contact_sealed, language FROM claim
WHERE tenant_id = :tenant_id AND asked_at = '' AND confirmed_at IS NULL ORDER BY claim_id LIMIT :rows_max;

-- name: was_asked
-- The message has gone.
UPDATE claim SET asked_at = :now WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: drop_stale_claims
-- Links that nobody may confirm any more, and codes of kiosks that are long over: nothing of anybody is kept.
DELETE FROM claim WHERE tenant_id = :tenant_id AND confirmed_at IS NULL AND asked_at <> '' AND asked_at < :before;

-- name: blank_claims_of
-- Erasure: that a receipt was claimed stays, by whom goes.
UPDATE claim SET contact_index = :nothing, contact_sealed = :nothing, first_name = '', language = '', survey = '{}',
    consents = '[]', customer_id = 'erased'
WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: permissions_of
-- What a customer allows.
SELECT permissions FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: keep_permissions
-- A customer allows this from now on.
UPDATE customer SET permissions = :permissions, changed_no = :change_no
WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: asked_for_erasure
-- Who asked to be forgotten at a screen.
SELECT customer_id FROM customer
WHERE tenant_id = :tenant_id AND permissions LIKE :word ORDER BY customer_id;

-- name: answers_of
-- What somebody has answered, and since when.
SELECT segment, entered FROM customer_segment
WHERE tenant_id = :tenant_id AND customer_id = :customer_id AND substr(segment, 1, 7) = 'survey-' ORDER BY segment;

-- name: drop_answers
-- The answer to a question of the survey is no more what it was.
DELETE FROM customer_segment WHERE tenant_id = :tenant_id AND customer_id = :customer_id
    AND substr(segment, 1, length(CAST(:prefix AS TEXT))) = :prefix;

-- name: tenant_country
-- Where a chain is, for numbers that are written nationally.
SELECT country FROM tenant WHERE tenant_id = :tenant_id;

-- name: consent_records
-- The ledger: what stores' screens recorded of permissions, oldest first.
SELECT a.store_id, r.kind, r.occurred_at, r.clock_quality, r.payload FROM journal_record r
JOIN agent a ON a.agent_id = r.agent_id
WHERE a.tenant_id = :tenant_id AND r.kind IN ('consent.given', 'consent.withdrawn') AND r.payload IS NOT NULL
ORDER BY r.occurred_at, r.agent_id, r.epoch, r.branch, r.seq LIMIT :rows_max;

-- name: keys_of_agents
-- Every key of the chain's stores that is good now, and whose it is.
SELECT k.public_key, k.agent_id FROM agent_key k JOIN agent a ON a.agent_id = k.agent_id
WHERE a.tenant_id = :tenant_id AND k.fenced_at IS NULL;

-- name: handover_used
-- Whether a kiosk's code was opened.
SELECT 1 FROM claim WHERE tenant_id = :tenant_id AND claim_id = :claim_id;

-- name: newest_shown
-- What a store has shown lately, newest first.
SELECT r.payload FROM branch b JOIN journal_record r
    ON r.agent_id = b.agent_id AND r.epoch = b.epoch AND r.branch = b.branch AND r.seq > b.head_seq - :records_back
WHERE b.agent_id = :agent_id AND r.kind = 'offer.shown' AND r.payload IS NOT NULL
ORDER BY r.epoch DESC, r.seq DESC;
