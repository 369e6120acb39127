"""The chain's own files in: customers, codes, segments, items, campaigns."""
