-- What the sandbox bank says next; empty: what its cardholders say.
ALTER TABLE sandbox_behaviours ADD COLUMN outcome TEXT;
