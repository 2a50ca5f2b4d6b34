-- contested: the source does not remember to have sent what is here, so the row here counts as edited.
ALTER TABLE stage ADD COLUMN contested INTEGER NOT NULL DEFAULT 0;
