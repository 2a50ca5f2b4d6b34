-- What handlers of the destination decided about staged rows.
-- stored: hash of the staged body where a handler changed it on arrival or merged it; `hash` stays what the source
-- sent. keep: see Decision. seen: hash of the row here that the decision was about, empty for a
-- tombstone.
ALTER TABLE stage ADD COLUMN stored BLOB;
ALTER TABLE stage ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage ADD COLUMN seen BLOB;
