-- An item that changes while a plan is made is named by several batches; the one with the highest number counts.
-- stage.supersedes: the row comes from such a later batch; its op may be 4, which does nothing.
-- staged_batch.partial: rows of it are missing or stand for those of others, so no other transfer can take it over.
ALTER TABLE stage ADD COLUMN supersedes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE staged_batch ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
-- plan_batch.supersedes: of items that it names, earlier batches of the plan are wrong.
ALTER TABLE plan_batch ADD COLUMN supersedes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX stage_supersedes ON stage (transfer) WHERE supersedes = 1;
