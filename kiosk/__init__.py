"""The pages of a store: kiosk, cashier, customer display."""
