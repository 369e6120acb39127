"""What the hub keeps: one set of statements on SQLite (default) and PostgreSQL."""
