"""Receipts both ways: print streams read into paper, and the slips we print ourselves."""
