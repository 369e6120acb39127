"""Whose sale is it? Codes, scans, the table that binds them, and the mirror's answer."""
