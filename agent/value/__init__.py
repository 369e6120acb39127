"""Value that exists once: coupons, points, leases and what tills hold of them, in this store's one ledger."""
