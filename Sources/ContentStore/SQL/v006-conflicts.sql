-- What a row that was edited here was made of: a copy of the body of `hash`, the output that its origin applied last,
-- kept while the row is edited, while a conflict needs it, or while undo can make it so again.
-- beside: what this instance had sent to that origin at that time (shadow.out_hash); another value now says that something
-- newer went there since.
CREATE TABLE base_body (
    kid    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    hash   BLOB    NOT NULL,
    rid    INTEGER NOT NULL,
    beside BLOB,
    PRIMARY KEY (kid, bucket, id, hash)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX base_body_owns ON base_body (rid);

-- Items that were edited here and of which a source brought another version, which waits for somebody to decide.
-- rid: what arrived, owned by this row; NULL for a delete. output: hash of what the source sent. seen: hash of the row
-- here as the run left it, empty for a tombstone. base: see base_body.hash. fields: JSON list of the fields changed on both
-- sides; NULL where the whole item waits.
CREATE TABLE conflict (
    cid      INTEGER PRIMARY KEY AUTOINCREMENT,
    transfer TEXT    NOT NULL,
    pid      INTEGER NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    rid      INTEGER,
    output   BLOB,
    seen     BLOB    NOT NULL,
    base     BLOB,
    fields   TEXT,
    created  INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX conflict_by_item ON conflict (kid, bucket, id);

CREATE INDEX head_drift ON head (kid, origin) WHERE edited <> 0;

-- arrived: what the source sent, where a merge took its place. fields: see conflict.fields.
ALTER TABLE stage ADD COLUMN arrived INTEGER;
ALTER TABLE stage ADD COLUMN fields TEXT;
