-- The right to redeem one coupon, given to one store until that store tells what became of it.
CREATE TABLE coupon_lease (
    tenant_id TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    lease_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    for_request BIGINT NOT NULL,
    granted_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, serial, lease_id)
);

CREATE INDEX coupon_lease_of_store ON coupon_lease (tenant_id, store_id, expires_at);

-- Records about one coupon, found by its number: a store asks while a customer waits.
CREATE INDEX journal_record_of_coupon ON journal_record (substr(payload, strpos(payload, '"serial":"') + 10, 13))
    WHERE kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided');
