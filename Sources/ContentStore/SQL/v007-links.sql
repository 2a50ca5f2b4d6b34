-- References of staged items to other items, so that the commit can tell which of them lead nowhere.
-- from_kid, from_id: the staged item. kind, bucket, id: what it refers to; the kind by name, because it may be one
-- that this instance has never seen.
CREATE TABLE stage_link (
    transfer TEXT    NOT NULL,
    from_kid INTEGER NOT NULL,
    from_id  TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL
) STRICT;

-- Rows are only ever added at the end, and looked at and removed transfer by transfer.
CREATE INDEX stage_link_by_transfer ON stage_link (transfer);
