-- The nonces that workers share, in a SQLite file of their own (`hub/nonces.py`).

-- name: make_nonces
-- One row a message that was let in.
CREATE TABLE IF NOT EXISTS nonce (
    key_id   TEXT NOT NULL,
    nonce    TEXT NOT NULL,
    taken_at REAL NOT NULL,
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;

-- name: index_nonces
-- The oldest are forgotten first.
CREATE INDEX IF NOT EXISTS nonce_by_time ON nonce (taken_at);

-- name: take_nonce
-- Remember a message; nothing is inserted when it came before.
INSERT OR IGNORE INTO nonce (key_id, nonce, taken_at) VALUES (:key_id, :nonce, :taken_at);

-- name: forget_nonces
-- Messages whose signature has run out.
DELETE FROM nonce WHERE taken_at < :before;

-- name: forget_most_nonces
-- The oldest beyond a bound.
DELETE FROM nonce WHERE taken_at < (SELECT taken_at FROM nonce ORDER BY taken_at DESC LIMIT 1 OFFSET :kept);
