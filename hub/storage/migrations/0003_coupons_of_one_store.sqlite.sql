-- The right to redeem one coupon, given to one store until that store tells what became of it.
CREATE TABLE coupon_lease (
    tenant_id TEXT NOT NULL,
    serial TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    for_request INTEGER NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, serial, lease_id)
) STRICT;

CREATE INDEX coupon_lease_of_store ON coupon_lease (tenant_id, store_id, expires_at);

-- Records about one coupon, found by its number: a store asks while a customer waits.
CREATE INDEX journal_record_of_coupon ON journal_record (substr(payload, instr(payload, '"serial":"') + 10, 13))
    WHERE kind IN ('coupon.issued', 'coupon.redeemed', 'coupon.restored', 'coupon.unleased', 'coupon.voided');
