-- Value: what stores told of points and coupons, and the leases that this hub has granted.

-- name: value_records
-- What a chain's stores told of one kind about value; `like` narrows it to one account. The list of kinds is that of the
-- index, which is used only where it stands.
SELECT a.store_id, r.kind, r.payload, r.occurred_at, r.branch
FROM journal_record r JOIN agent a ON a.agent_id = r.agent_id
WHERE r.kind IN
    ('coupon.redeemed', 'coupon.restored', 'points.burned', 'points.earned', 'points.leased', 'points.reversed', 'points.unleased')
    AND a.tenant_id = :tenant_id AND r.kind = :kind AND r.payload IS NOT NULL AND r.payload LIKE :like ESCAPE '\'
ORDER BY r.agent_id, r.epoch, r.branch, r.seq;

-- name: coupons_issued
-- The coupons of a campaign that stores have told of issuing, oldest first; an erasure takes no serial away.
SELECT serial FROM offer_event
WHERE tenant_id = :tenant_id AND event = 'coupon.issued' AND campaign_id = :campaign_id AND serial <> ''
ORDER BY business_day, serial;

-- name: fraud_records
-- What a chain's stores found odd since a moment, oldest first.
SELECT a.store_id, r.kind, r.payload, r.occurred_at, r.branch
FROM journal_record r JOIN agent a ON a.agent_id = r.agent_id
WHERE r.kind = 'fraud.flagged' AND r.occurred_at >= :since AND a.tenant_id = :tenant_id AND r.payload IS NOT NULL
ORDER BY r.occurred_at, r.agent_id, r.epoch, r.branch, r.seq;

-- name: opening_points
-- What accounts open with: the points that were imported with their customers.
SELECT customer_id, household_id, points FROM customer WHERE tenant_id = :tenant_id ORDER BY customer_id;

-- name: opening_households
-- What households open with: what was imported with all who share the account.
SELECT household_id, CAST(sum(points) AS BIGINT) FROM customer WHERE tenant_id = :tenant_id AND household_id <> ''
GROUP BY household_id;

-- name: put_lease
-- Points leave the balance for one store.
INSERT INTO points_lease (tenant_id, lease_id, account, store_id, points, expires_at, for_request, granted_at)
VALUES (:tenant_id, :lease_id, :account, :store_id, :points, :expires_at, :for_request, :now);

-- name: leases
-- Every lease of a chain, oldest first.
SELECT lease_id, account, store_id, points, expires_at, for_request FROM points_lease
WHERE tenant_id = :tenant_id ORDER BY granted_at, lease_id;

-- name: leases_of_store
-- Leases that a store should hold: granted, and not over yet.
SELECT lease_id, account, store_id, points, expires_at, for_request FROM points_lease
WHERE tenant_id = :tenant_id AND store_id = :store_id AND expires_at > :now ORDER BY granted_at, lease_id;

-- name: put_coupon_lease
-- A coupon is one store's until it tells what became of it.
INSERT INTO coupon_lease (tenant_id, serial, lease_id, store_id, expires_at, for_request, granted_at)
VALUES (:tenant_id, :serial, :lease_id, :store_id, :expires_at, :for_request, :now);

-- name: coupon_leases
-- Who was given a coupon, in this order.
SELECT lease_id, serial, store_id, expires_at, for_request FROM coupon_lease
WHERE tenant_id = :tenant_id AND serial = :serial ORDER BY granted_at, lease_id;

-- name: coupon_leases_of_store
-- Coupons that a store should hold, and those that it should have handed back lately.
SELECT lease_id, serial, store_id, expires_at, for_request FROM coupon_lease
WHERE tenant_id = :tenant_id AND store_id = :store_id AND expires_at > :since ORDER BY expires_at DESC, lease_id
LIMIT :rows_max;

-- name: lock_leases
-- Grants of one chain are decided one after the other. SQLite has one writer anyway.
SELECT tenant_id FROM tenant WHERE tenant_id = :tenant_id;

-- name: agent_keys
-- Every key that ever spoke for a store: what its coupons are signed with.
SELECT a.store_id, k.public_key FROM agent_key k JOIN agent a ON a.agent_id = k.agent_id
WHERE a.tenant_id = :tenant_id ORDER BY a.store_id, k.enrolled_at, k.key_id;

-- name: points_standings
-- What members were told last of every account.
SELECT account, points, expiring, expire_on, tier FROM points_standing WHERE tenant_id = :tenant_id;

-- name: put_points_standing
-- Keep what members of an account are told from now on.
INSERT INTO points_standing (tenant_id, account, points, expiring, expire_on, tier)
VALUES (:tenant_id, :account, :points, :expiring, :expire_on, :tier)
ON CONFLICT (tenant_id, account) DO UPDATE SET points = excluded.points, expiring = excluded.expiring,
    expire_on = excluded.expire_on, tier = excluded.tier;

-- name: touch_members_of
-- Note that everybody who shares an account changed.
INSERT INTO customer_change (tenant_id, customer_id, change_no)
SELECT tenant_id, customer_id, :change_no FROM customer
WHERE tenant_id = :tenant_id
    AND ((household_id <> '' AND household_id = :account) OR (household_id = '' AND customer_id = :account))
ON CONFLICT (tenant_id, customer_id) DO UPDATE SET change_no = excluded.change_no;

-- name: drop_standing_of
-- Forget how somebody's account stood.
DELETE FROM points_standing WHERE tenant_id = :tenant_id AND account = :customer_id;
