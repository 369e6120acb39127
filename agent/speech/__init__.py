"""Decisions in words: slips, the cashier's sentences, the kiosk's cards, in the customer's language."""
