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
SELECT size_bytes, scope, kind FROM feed_file WHERE tenant_id = :tenant_id AND sha256 = :sha256;

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

-- name: highest_erasure
-- The last number that was given, here or - when this is an old copy - to a store that speaks of it.
SELECT max(erasure_no) FROM (
    SELECT erasure_no FROM erasure WHERE tenant_id = :tenant_id
    UNION ALL SELECT erased_through FROM store WHERE tenant_id = :tenant_id
) AS given;

-- name: erasure_of
-- Was this customer erased already?
SELECT erasure_no, requested_at, locators FROM erasure WHERE tenant_id = :tenant_id AND customer_id = :customer_id
ORDER BY erasure_no DESC;

-- name: merged_from
-- The accounts that became this one.
SELECT customer_id FROM customer_merge WHERE tenant_id = :tenant_id AND into_id = :into_id ORDER BY customer_id;

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
-- Erasure: the sealed codes that are, or turned out to be, a customer's.
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
-- In which region and ring a store is, and whose customers it wants.
SELECT region, ring, customers FROM store WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: places
-- Region and ring of every store.
SELECT store_id, region, ring FROM store WHERE tenant_id = :tenant_id ORDER BY store_id;

-- name: put_region
-- Say in which region a store is.
UPDATE store SET region = :region WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: put_ring
-- Say in which ring a store is.
UPDATE store SET ring = :ring WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: put_customers_wanted
-- Say which customers a store gets.
UPDATE store SET customers = :customers WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: customers_wanted
-- Which customers each store gets.
SELECT store_id, customers FROM store WHERE tenant_id = :tenant_id ORDER BY store_id;

-- name: near
-- The stores whose customers are near a store.
SELECT near_id FROM store_near WHERE tenant_id = :tenant_id AND store_id = :store_id ORDER BY near_id;

-- name: put_near
-- The customers of one store are near another.
INSERT INTO store_near (tenant_id, store_id, near_id) VALUES (:tenant_id, :store_id, :near_id)
ON CONFLICT (tenant_id, store_id, near_id) DO NOTHING;

-- name: drop_near
-- No store is near this one.
DELETE FROM store_near WHERE tenant_id = :tenant_id AND store_id = :store_id;

-- name: feed_refusals
-- Which stores could not use a file.
SELECT store_id, feed_refused FROM store WHERE tenant_id = :tenant_id AND feed_refused <> '[]' ORDER BY store_id;

-- name: learning_places
-- The lines of history of a chain that were not read to their end.
SELECT b.agent_id, b.epoch, b.branch, a.store_id FROM branch b
JOIN agent a ON a.agent_id = b.agent_id
LEFT JOIN learning_cursor c ON c.agent_id = b.agent_id AND c.epoch = b.epoch AND c.branch = b.branch
WHERE a.tenant_id = :tenant_id AND b.head_seq > coalesce(c.seq, 0) ORDER BY b.agent_id, b.epoch, b.branch;

-- name: learning_cursor
-- How far a line of history was read.
SELECT seq FROM learning_cursor WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch;

-- name: records_to_learn
-- The next records of a line of history.
SELECT seq, kind, business_day, payload FROM journal_record
WHERE agent_id = :agent_id AND epoch = :epoch AND branch = :branch AND seq > :seq ORDER BY seq LIMIT :rows_max;

-- name: move_learning
-- A line of history was read so far.
INSERT INTO learning_cursor (agent_id, epoch, branch, seq) VALUES (:agent_id, :epoch, :branch, :seq)
ON CONFLICT (agent_id, epoch, branch) DO UPDATE SET seq = excluded.seq;

-- name: sale_payloads
-- What was bought in a sale.
SELECT j.payload, s.store_id, s.business_day FROM sale s
JOIN journal_record j ON j.agent_id = s.agent_id AND j.epoch = s.epoch AND j.branch = s.branch AND j.seq = s.seq
WHERE s.tenant_id = :tenant_id AND s.transaction_id = :transaction_id ORDER BY s.variant;

-- name: add_unmapped
-- A line that no item means.
INSERT INTO unmapped_line (tenant_id, receipt_text, gtin, lines, revenue_e4, last_day)
VALUES (:tenant_id, :receipt_text, :gtin, 1, :revenue_e4, :last_day)
ON CONFLICT (tenant_id, receipt_text, gtin) DO UPDATE SET lines = unmapped_line.lines + 1,
    revenue_e4 = unmapped_line.revenue_e4 + excluded.revenue_e4,
    last_day = CASE WHEN unmapped_line.last_day > excluded.last_day THEN unmapped_line.last_day
        ELSE excluded.last_day END;

-- name: unmapped_lines
-- What brought in most without being known.
SELECT receipt_text, gtin, lines, revenue_e4, last_day FROM unmapped_line
WHERE tenant_id = :tenant_id ORDER BY revenue_e4 DESC, receipt_text, gtin LIMIT :rows_max;

-- name: all_unmapped
-- Every line that was unmapped when it came.
SELECT receipt_text, gtin FROM unmapped_line WHERE tenant_id = :tenant_id;

-- name: drop_unmapped
-- An item means this line now.
DELETE FROM unmapped_line WHERE tenant_id = :tenant_id AND receipt_text = :receipt_text AND gtin = :gtin;

-- name: came
-- A customer bought something here.
UPDATE customer SET purchases = coalesce(purchases, 0) + 1, changed_no = :change_no,
    last_visit = CASE WHEN last_visit > :day THEN last_visit ELSE :day END
WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: put_store_seen
-- Where and when a customer was last seen.
INSERT INTO customer_store (tenant_id, customer_id, store_id, last_day)
VALUES (:tenant_id, :customer_id, :store_id, :day)
ON CONFLICT (tenant_id, customer_id, store_id) DO UPDATE SET last_day = excluded.last_day
WHERE customer_store.last_day < excluded.last_day;

-- name: put_unknown_code
-- A code that nobody knows yet, with the sale it was shown for.
INSERT INTO unknown_code (tenant_id, locator, transaction_id, store_id, sealed, business_day)
VALUES (:tenant_id, :locator, :transaction_id, :store_id, :sealed, :day)
ON CONFLICT (tenant_id, locator, transaction_id) DO NOTHING;

-- name: unlinked_codes
-- Codes that nobody knew when they were shown.
SELECT locator, transaction_id, sealed, store_id FROM unknown_code WHERE tenant_id = :tenant_id AND customer_id IS NULL
ORDER BY locator, transaction_id;

-- name: link_code
-- The holder of an unknown code is known now.
UPDATE unknown_code SET customer_id = :customer_id, sealed = ''
WHERE tenant_id = :tenant_id AND locator = :locator AND transaction_id = :transaction_id;

-- name: holder_of_locator
-- To whom the tokens with this first half lead.
SELECT customer_id FROM customer_code
WHERE tenant_id = :tenant_id AND token >= :low AND token <= :high ORDER BY token LIMIT 1;
