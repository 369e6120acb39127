"""The chain's end of value: points by account, leases of them, coupons' uses, and whether it all adds up."""
