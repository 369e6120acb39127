-- Statements that only SQLite has.

-- name: bulk
-- Rows appended to a table; names come from our own code and are filled in before it runs.
INSERT INTO {table} ({columns}) VALUES ({marks});
