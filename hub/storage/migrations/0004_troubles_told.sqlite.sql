-- Troubles of stores that people have been told of, since when: each is told once, and once that it is over.
CREATE TABLE fleet_trouble (
    tenant_id TEXT NOT NULL,
    store_id TEXT NOT NULL,
    trouble TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (tenant_id, store_id, trouble)
) STRICT, WITHOUT ROWID;
