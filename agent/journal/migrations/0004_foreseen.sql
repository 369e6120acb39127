-- Commits that are on disk before the cut they belong to.

-- What the cut of a receipt will commit, whole, on disk before the cut comes, so that nothing is left to sync while the
-- cut is held. The batch that commits it drops the row. What core finds here at its start was printed, or was about to be.
CREATE TABLE foreseen (
    job_id      TEXT NOT NULL,
    document_no INTEGER NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (job_id, document_no)
) STRICT, WITHOUT ROWID;
