-- What stores should have: feed files, erasures, stop buttons, regions and rings.

-- name: put_feed_file
-- A file is published.
INSERT INTO feed_file (tenant_id, kind, scope, version, sha256, size_bytes, as_of, base, entries, erased_through)
VALUES (:tenant_id, :kind, :scope, :version, :sha256, :size_bytes, :as_of, :base, :entries, :erased_through);

-- name: feed_files
-- All files that are kept, newest first.
SELECT kind, scope, version, sha256, size_bytes, as_of, base, entries, erased_through FROM feed_file
WHERE tenant_id = :tenant_id ORDER BY kind, scope, version DESC;

-- name: feed_file
-- A file may be fetched by stores of its own tenant only, and one of a store by that store.
SELECT size_bytes, scope FROM feed_file WHERE tenant_id = :tenant_id AND sha256 = :sha256;

-- name: old_feed_files
-- Files of a kind that newer ones have replaced.
SELECT sha256 FROM feed_file
WHERE tenant_id = :tenant_id AND kind = :kind AND scope = :scope AND version < :version;

-- name: drop_old_feed_files
-- Forget them; their bytes go after the commit.
DELETE FROM feed_file WHERE tenant_id = :tenant_id AND kind = :kind AND scope = :scope AND version < :version;

-- name: drop_feed_file
-- One file gives way to the same version with people erased.
DELETE FROM feed_file WHERE tenant_id = :tenant_id AND kind = :kind AND scope = :scope AND version = :version;

-- name: erasures
-- Everybody who must be forgotten, oldest first.
SELECT erasure_no, customer_id, locators, requested_at FROM erasure WHERE tenant_id = :tenant_id ORDER BY erasure_no;

-- name: put_erasure
-- Somebody must be forgotten.
INSERT INTO erasure (tenant_id, erasure_no, customer_id, locators, requested_at)
VALUES (:tenant_id, :erasure_no, :customer_id, :locators, :now);

-- name: last_erasure
-- The number of the last erasure.
SELECT max(erasure_no) FROM erasure WHERE tenant_id = :tenant_id;

-- name: erasure_of
-- Was this customer erased already?
SELECT erasure_no, requested_at FROM erasure WHERE tenant_id = :tenant_id AND customer_id = :customer_id
ORDER BY erasure_no DESC;

-- name: erased_marks
-- How far each store is with erasures, and whether an agent speaks for it at all.
SELECT s.store_id, s.erased_through, s.last_contact_at, a.agent_id FROM store s
LEFT JOIN agent a ON a.tenant_id = s.tenant_id AND a.store_id = s.store_id
WHERE s.tenant_id = :tenant_id ORDER BY s.store_id;

-- name: records_naming
-- Journal records that speak of somebody or something: their payload holds the text.
SELECT j.agent_id, j.epoch, j.branch, j.seq, j.payload FROM journal_record j
JOIN agent a ON a.agent_id = j.agent_id
WHERE a.tenant_id = :tenant_id AND j.payload LIKE :pattern ESCAPE '!';

-- name: erase_journal_record
-- What a record said is gone; its hash stays, and the chain still verifies.
UPDATE journal_record SET salt = NULL, payload = NULL, absent = 'erased'
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq = :seq;

-- name: tokens_of
-- The tokens that lead to a customer.
SELECT token FROM customer_code
WHERE tenant_id = :tenant_id AND customer_id = :customer_id AND token IS NOT NULL ORDER BY token;

-- name: drop_codes_of
-- Erasure: the codes of a customer.
DELETE FROM customer_code WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_segments_of
-- Erasure: the memberships of a customer.
DELETE FROM customer_segment WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_bought_of
-- Erasure: what a customer bought.
DELETE FROM customer_bought WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_contacts_of
-- Erasure: the contacts made with a customer.
DELETE FROM customer_contact WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_changes_of
-- Erasure: nothing of a customer is to be sent any more.
DELETE FROM customer_change WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_stores_of
-- Erasure: where a customer was seen.
DELETE FROM customer_store WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: drop_merges_of
-- Erasure: which accounts became this one.
DELETE FROM customer_merge WHERE tenant_id = :tenant_id AND (customer_id = :customer_id OR into_id = :customer_id);

-- name: drop_unknown_codes_of
-- Erasure: the sealed codes that turned out to be a customer's.
DELETE FROM unknown_code WHERE tenant_id = :tenant_id AND (customer_id = :customer_id OR locator = :locator);

-- name: drop_customer
-- Erasure: the customer.
DELETE FROM customer WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: put_stop
-- A stop button is pressed.
INSERT INTO stop (tenant_id, stop_no, what, campaign_id, scope, since, until, why)
VALUES (:tenant_id, :stop_no, :what, :campaign_id, :scope, :since, :until, :why);

-- name: last_stop
-- The number of the last stop.
SELECT max(stop_no) FROM stop WHERE tenant_id = :tenant_id;

-- name: stops
-- Stops that nobody has lifted, oldest first.
SELECT stop_no, what, campaign_id, scope, since, until, why FROM stop
WHERE tenant_id = :tenant_id AND lifted_at IS NULL ORDER BY stop_no;

-- name: lift_stop
-- A stop is taken back; a repeat changes nothing.
UPDATE stop SET lifted_at = :now WHERE tenant_id = :tenant_id AND stop_no = :stop_no AND lifted_at IS NULL;

-- name: place_of_store
-- In which region and ring a store is.
SELECT region, ring FROM store WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: places
-- Region and ring of every store.
SELECT store_id, region, ring FROM store WHERE tenant_id = :tenant_id ORDER BY store_id;

-- name: put_region
-- Say in which region a store is.
UPDATE store SET region = :region WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: put_ring
-- Say in which ring a store is.
UPDATE store SET ring = :ring WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: feed_refusals
-- Which stores could not use a file.
SELECT store_id, feed_refused FROM store WHERE tenant_id = :tenant_id AND feed_refused <> '[]' ORDER BY store_id;
