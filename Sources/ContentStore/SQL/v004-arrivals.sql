-- What handlers of the destination decided about staged rows.
-- stored: hash of the staged body where a handler changed it on arrival or merged it; `hash` stays what the source
-- sent. keep: 1 leaves the row here as it is. seen: hash of the row here that the decision was about, empty for a
-- tombstone.
ALTER TABLE stage ADD COLUMN stored BLOB;
ALTER TABLE stage ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage ADD COLUMN seen BLOB;
