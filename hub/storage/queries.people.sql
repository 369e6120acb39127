-- Customers as the chain's files and its stores' journals tell of them, and what the mirror is made of.

-- name: next_change
-- Number a change. It takes the row's lock, so that changes of one chain are committed in the order of their numbers.
INSERT INTO mark (tenant_id, what, number) VALUES (:tenant_id, :what, 1)
ON CONFLICT (tenant_id, what) DO UPDATE SET number = mark.number + 1 RETURNING number;

-- name: put_customer
-- Changes nothing, and says so, when the customer stands there just so.
INSERT INTO customer (tenant_id, customer_id, first_name, language, birthday, tier, points, household_id, employee,
    no_paper, member_since, permissions, rfm_cell, purchases, last_visit, points_expiring, points_expire_on, changed_no)
VALUES (:tenant_id, :customer_id, :first_name, :language, :birthday, :tier, :points, :household_id, :employee,
    coalesce(:no_paper, 0), coalesce(:member_since, ''), coalesce(:permissions, ''), coalesce(:rfm_cell, ''),
    CAST(:purchases AS BIGINT), coalesce(:last_visit, ''), coalesce(:points_expiring, 0),
    coalesce(:points_expire_on, ''), :change_no)
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET
    first_name = excluded.first_name, language = excluded.language, birthday = excluded.birthday, tier = excluded.tier,
    points = excluded.points, household_id = excluded.household_id, employee = excluded.employee,
    no_paper = coalesce(:no_paper, customer.no_paper), member_since = coalesce(:member_since, customer.member_since),
    permissions = coalesce(:permissions, customer.permissions), rfm_cell = coalesce(:rfm_cell, customer.rfm_cell),
    purchases = coalesce(CAST(:purchases AS BIGINT), customer.purchases),
    last_visit = coalesce(:last_visit, customer.last_visit),
    points_expiring = coalesce(:points_expiring, customer.points_expiring),
    points_expire_on = coalesce(:points_expire_on, customer.points_expire_on), changed_no = excluded.changed_no
WHERE customer.first_name <> excluded.first_name OR customer.language <> excluded.language
    OR customer.birthday <> excluded.birthday OR customer.tier <> excluded.tier OR customer.points <> excluded.points
    OR customer.household_id <> excluded.household_id OR customer.employee <> excluded.employee
    OR customer.no_paper <> coalesce(:no_paper, customer.no_paper)
    OR customer.member_since <> coalesce(:member_since, customer.member_since)
    OR customer.permissions <> coalesce(:permissions, customer.permissions)
    OR customer.rfm_cell <> coalesce(:rfm_cell, customer.rfm_cell)
    OR coalesce(customer.purchases, -1) <> coalesce(CAST(:purchases AS BIGINT), customer.purchases, -1)
    OR customer.last_visit <> coalesce(:last_visit, customer.last_visit)
    OR customer.points_expiring <> coalesce(:points_expiring, customer.points_expiring)
    OR customer.points_expire_on <> coalesce(:points_expire_on, customer.points_expire_on);

-- name: put_customer_code
-- A known code may change hands; its token stays, because a token is of the code alone.
INSERT INTO customer_code (tenant_id, code_index, kind, customer_id, sealed, changed_no)
VALUES (:tenant_id, :code_index, :kind, :customer_id, :sealed, :change_no)
ON CONFLICT (tenant_id, code_index) DO UPDATE SET customer_id = excluded.customer_id, changed_no = excluded.changed_no
WHERE customer_code.customer_id <> excluded.customer_id;

-- name: put_segment
-- Changes nothing, and says so, when the membership stands there just so. The first day of it stays unless told anew.
INSERT INTO customer_segment (tenant_id, customer_id, segment, valid_until, entered, changed_no)
VALUES (:tenant_id, :customer_id, :segment, :valid_until, coalesce(:entered, :today), :change_no)
ON CONFLICT (tenant_id, customer_id, segment) DO UPDATE SET valid_until = excluded.valid_until,
    entered = coalesce(:entered, customer_segment.entered), changed_no = excluded.changed_no
WHERE customer_segment.valid_until <> excluded.valid_until
    OR customer_segment.entered <> coalesce(:entered, customer_segment.entered);

-- name: put_contact
-- Changes nothing, and says so, when the count stands there just so.
INSERT INTO customer_contact (tenant_id, customer_id, campaign_id, contacts, changed_no)
VALUES (:tenant_id, :customer_id, :campaign_id, :contacts, :change_no)
ON CONFLICT (tenant_id, customer_id, campaign_id) DO UPDATE SET contacts = excluded.contacts,
    changed_no = excluded.changed_no
WHERE customer_contact.contacts <> excluded.contacts;

-- name: put_bought
-- The last day of a purchase only moves on.
INSERT INTO customer_bought (tenant_id, customer_id, key, day, changed_no)
VALUES (:tenant_id, :customer_id, :key, :day, :change_no)
ON CONFLICT (tenant_id, customer_id, key) DO UPDATE SET day = excluded.day, changed_no = excluded.changed_no
WHERE customer_bought.day < excluded.day;

-- name: touch_customers
-- Note who changed by a change: of the customers of a batch, those of whom a row carries its number.
INSERT INTO customer_change (tenant_id, customer_id, change_no)
SELECT :tenant_id, found.customer_id, :change_no FROM (
    SELECT c.customer_id FROM json_each(:customer_ids) k
    CROSS JOIN customer c ON c.tenant_id = :tenant_id AND c.customer_id = k.value AND c.changed_no = :change_no
    UNION SELECT s.customer_id FROM json_each(:customer_ids) k
    CROSS JOIN customer_segment s
        ON s.tenant_id = :tenant_id AND s.customer_id = k.value AND s.changed_no = :change_no
    UNION SELECT n.customer_id FROM json_each(:customer_ids) k
    CROSS JOIN customer_contact n
        ON n.tenant_id = :tenant_id AND n.customer_id = k.value AND n.changed_no = :change_no
    UNION SELECT b.customer_id FROM json_each(:customer_ids) k
    CROSS JOIN customer_bought b
        ON b.tenant_id = :tenant_id AND b.customer_id = k.value AND b.changed_no = :change_no
    UNION SELECT d.customer_id FROM json_each(:customer_ids) k
    CROSS JOIN customer_code d ON d.tenant_id = :tenant_id AND d.customer_id = k.value AND d.changed_no = :change_no
) AS found WHERE TRUE
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET change_no = excluded.change_no;

-- name: touch_customer
-- Note that a customer changed.
INSERT INTO customer_change (tenant_id, customer_id, change_no) VALUES (:tenant_id, :customer_id, :change_no)
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET change_no = excluded.change_no;

-- name: count_changes
-- How many customers changed up to a number.
SELECT count(*) FROM customer_change WHERE tenant_id = :tenant_id AND change_no <= :change_no;

-- name: drop_changes
-- They stand in a mirror file now.
DELETE FROM customer_change WHERE tenant_id = :tenant_id AND change_no <= :change_no;

-- name: holder_of_code
-- To whom a code leads, by its keyed hash.
SELECT customer_id FROM customer_code WHERE tenant_id = :tenant_id AND code_index = :code_index;

-- name: holder_of_token
-- To whom a token leads.
SELECT customer_id FROM customer_code WHERE tenant_id = :tenant_id AND token = :token;

-- name: has_segment
-- Does anybody belong to this segment yet?
SELECT 1 FROM customer_segment WHERE tenant_id = :tenant_id AND segment = :segment LIMIT 1;

-- name: memberships
-- Every membership, for a file that is the whole truth.
SELECT customer_id, segment FROM customer_segment WHERE tenant_id = :tenant_id ORDER BY customer_id, segment;

-- name: drop_membership
-- A membership that the whole truth does not name.
DELETE FROM customer_segment WHERE tenant_id = :tenant_id AND customer_id = :customer_id AND segment = :segment;

-- name: put_merge
-- One account became another.
INSERT INTO customer_merge (tenant_id, customer_id, into_id) VALUES (:tenant_id, :customer_id, :into_id)
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET into_id = excluded.into_id
WHERE customer_merge.into_id <> excluded.into_id;

-- name: merged_into
-- Into whom an account was merged.
SELECT into_id FROM customer_merge WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: merges
-- Every account that became another.
SELECT customer_id, into_id FROM customer_merge WHERE tenant_id = :tenant_id;

-- name: move_bought
-- What a merged account bought, the account that is left bought.
INSERT INTO customer_bought (tenant_id, customer_id, key, day)
SELECT tenant_id, :into_id, key, day FROM customer_bought
WHERE tenant_id = :tenant_id AND customer_id = :customer_id
ON CONFLICT (tenant_id, customer_id, key) DO UPDATE SET day = excluded.day WHERE customer_bought.day < excluded.day;

-- name: move_stores
-- Where a merged account was seen, the account that is left was seen.
INSERT INTO customer_store (tenant_id, customer_id, store_id, last_day)
SELECT tenant_id, :into_id, store_id, last_day FROM customer_store
WHERE tenant_id = :tenant_id AND customer_id = :customer_id
ON CONFLICT (tenant_id, customer_id, store_id) DO UPDATE SET last_day = excluded.last_day
WHERE customer_store.last_day < excluded.last_day;

-- name: move_codes
-- The codes of an account lead to another from now on.
UPDATE customer_code SET customer_id = :into_id, changed_no = :change_no
WHERE tenant_id = :tenant_id AND customer_id = :customer_id;

-- name: count_tokens
-- How many entries the mirror will have.
SELECT count(DISTINCT k.token) FROM customer_code k
JOIN customer c ON c.tenant_id = k.tenant_id AND c.customer_id = k.customer_id
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL
    AND (:store_id = '' OR EXISTS (
        SELECT 1 FROM customer_store v
        WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id AND v.last_day >= :since AND (
            v.store_id = :store_id OR v.store_id IN (
                SELECT n.near_id FROM store_near n WHERE n.tenant_id = :tenant_id AND n.store_id = :store_id)))
    OR (:unplaced = 1 AND NOT EXISTS (
        SELECT 1 FROM customer_store v WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.customer_id)));

-- name: mirror_entries
-- Everybody that a code leads to, in the order of the mirror file. Lists come as name=value, joined by a separator.
-- With a store: those only who were seen there, or in a store near it, since a day, and, where the chain wants it, those
-- who were never seen anywhere.
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier,
    coalesce(p.points, c.points), c.household_id, c.employee,
    c.no_paper, c.member_since, c.permissions, c.rfm_cell, c.purchases, c.last_visit,
    CASE WHEN p.expiring > 0 THEN p.expiring ELSE c.points_expiring END,
    CASE WHEN p.expiring > 0 THEN p.expire_on ELSE c.points_expire_on END, coalesce(p.tier, ''),
    (SELECT group_concat(s.segment || '=' || s.valid_until || '=' || s.entered, char(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id),
    (SELECT group_concat(b.key || '=' || b.day, char(31)) FROM customer_bought b
     WHERE b.tenant_id = c.tenant_id AND b.customer_id = c.customer_id),
    (SELECT group_concat(n.campaign_id || '=' || n.contacts, char(31)) FROM customer_contact n
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
-- The same of those who changed up to a number.
SELECT k.token, c.customer_id, c.first_name, c.language, c.birthday, c.tier,
    coalesce(p.points, c.points), c.household_id, c.employee,
    c.no_paper, c.member_since, c.permissions, c.rfm_cell, c.purchases, c.last_visit,
    CASE WHEN p.expiring > 0 THEN p.expiring ELSE c.points_expiring END,
    CASE WHEN p.expiring > 0 THEN p.expire_on ELSE c.points_expire_on END, coalesce(p.tier, ''),
    (SELECT group_concat(s.segment || '=' || s.valid_until || '=' || s.entered, char(31)) FROM customer_segment s
     WHERE s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id),
    (SELECT group_concat(b.key || '=' || b.day, char(31)) FROM customer_bought b
     WHERE b.tenant_id = c.tenant_id AND b.customer_id = c.customer_id),
    (SELECT group_concat(n.campaign_id || '=' || n.contacts, char(31)) FROM customer_contact n
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

-- name: changed_tokens
-- The codes of everybody who changed up to a number, wherever they shop.
SELECT k.token FROM customer_code k
JOIN customer_change x ON x.tenant_id = k.tenant_id AND x.customer_id = k.customer_id
WHERE k.tenant_id = :tenant_id AND k.token IS NOT NULL AND x.change_no <= :change_no ORDER BY k.token;

-- name: seen_at
-- Was this customer ever seen in this store?
SELECT 1 FROM customer_store
WHERE tenant_id = :tenant_id AND customer_id = :customer_id AND store_id = :store_id;
