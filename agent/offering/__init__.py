"""What is said about a sale: campaigns as fed, the store's memory, the decision, its coupons."""
