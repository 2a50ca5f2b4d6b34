-- Rows that a comparison with the destination changed and that no run has looked at to the end since. Only a hint:
-- whether a row must be sent is asked of the row itself.
ALTER TABLE shadow ADD COLUMN open INTEGER NOT NULL DEFAULT 0;

CREATE INDEX shadow_open ON shadow (pid, kid, bucket, id) WHERE open = 1;
