-- Conflicts that a run took off the list, or, as a rollback, put on it again, kept as long as its undo: each item of them
-- is one that the undo of the run names. listed = 0: taken off; rid, owned by this row, and the other columns are what
-- stood in conflict. listed = 1: put on again; the body is there.
CREATE TABLE decided_conflict (
    run      TEXT    NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    listed   INTEGER NOT NULL,
    cid      INTEGER NOT NULL,
    transfer TEXT    NOT NULL,
    pid      INTEGER NOT NULL,
    rid      INTEGER,
    output   BLOB,
    seen     BLOB    NOT NULL,
    base     BLOB,
    fields   TEXT,
    created  INTEGER NOT NULL,
    PRIMARY KEY (run, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- What items are kept for: see base_body.
CREATE INDEX decided_conflict_by_item ON decided_conflict (kid, bucket, id) WHERE listed = 0;

-- decided: 1 where somebody decided against a delete. It is off the list; it stays, since nothing else tells that the
-- item, which is nobody's, is one that its source deleted and that was kept.
ALTER TABLE conflict ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;

-- head.edited: 6 is an edit, as 1, of a row that had been kept as a whole (5).
DROP INDEX head_edited;
CREATE INDEX head_edited ON head (kid, origin) WHERE edited IN (1, 6);
