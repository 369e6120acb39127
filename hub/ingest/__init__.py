"""Journals in: verify a batch, decide what is new, keep it with its projections in one transaction."""
