-- Troubles of stores that people have been told of, since when: each is told once, and once that it is over.
CREATE TABLE fleet_trouble (
    tenant_id TEXT COLLATE "C" NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    trouble TEXT COLLATE "C" NOT NULL,
    since TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, store_id, trouble)
);
