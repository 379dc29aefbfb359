ALTER TABLE sandbox_behaviours DROP COLUMN outcome;
