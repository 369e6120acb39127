"""Campaigns, and the pure decision which of them to offer now and why."""
