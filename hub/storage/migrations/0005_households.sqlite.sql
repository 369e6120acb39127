-- Who shares an account: their points are added up, and told to all of them, before every mirror.
CREATE INDEX customer_by_household ON customer (tenant_id, household_id) WHERE household_id <> '';
