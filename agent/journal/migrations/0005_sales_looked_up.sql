-- Sales of the ledger are looked up on disk.

-- Sales of earlier days stay on disk: found by the number that their paper bears, and by the day they were made on.
-- Behind `what` because SQLite would go through all sales for a range of days otherwise.
CREATE INDEX value_sale_number ON value (json_extract(CAST(body AS TEXT), '$.number'), json_extract(CAST(body AS TEXT), '$.day'))
WHERE what = 'sale';
CREATE INDEX value_sale_day ON value (what, json_extract(CAST(body AS TEXT), '$.day')) WHERE what = 'sale';
