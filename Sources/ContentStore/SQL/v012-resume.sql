-- A run that takes over what an interrupted one staged names batches by their digests.
-- bid: number of a staged batch that stays when another transfer takes it over; stage.batch and stage_link.batch name it.
-- receivers: fingerprint of the handlers that looked at its items on arrival. resumed: it was taken over.
ALTER TABLE staged_batch ADD COLUMN bid INTEGER;
ALTER TABLE staged_batch ADD COLUMN receivers BLOB;
ALTER TABLE staged_batch ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage ADD COLUMN batch INTEGER;
ALTER TABLE stage_link ADD COLUMN batch INTEGER;
