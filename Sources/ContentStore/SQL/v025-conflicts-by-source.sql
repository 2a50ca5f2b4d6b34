-- Versions of several sources may wait beside one item: that another one was decided about says nothing of them.
DROP INDEX conflict_by_item;
CREATE UNIQUE INDEX conflict_by_item ON conflict (kid, bucket, id, pid);

-- Items that were not made of what pid sent last, and that count as the output of somebody else, or of nobody, by now. As
-- long as they count as the output of pid, head.edited says so. A row is gone once pid has sent another version.
CREATE TABLE unmerged_version (
    pid    INTEGER NOT NULL,
    kid    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    PRIMARY KEY (pid, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- A run may decide about versions of several sources: each of them comes back with a rollback.
CREATE TABLE decided (
    run      TEXT    NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    pid      INTEGER NOT NULL,
    listed   INTEGER NOT NULL,
    cid      INTEGER NOT NULL,
    transfer TEXT    NOT NULL,
    rid      INTEGER,
    output   BLOB,
    seen     BLOB    NOT NULL,
    base     BLOB,
    fields   TEXT,
    created  INTEGER NOT NULL,
    PRIMARY KEY (run, kid, bucket, id, pid)
) STRICT, WITHOUT ROWID;

INSERT INTO decided
SELECT run, kid, bucket, id, pid, listed, cid, transfer, rid, output, seen, base, fields, created FROM decided_conflict;

DROP TABLE decided_conflict;
ALTER TABLE decided RENAME TO decided_conflict;
CREATE INDEX decided_conflict_by_item ON decided_conflict (kid, bucket, id) WHERE listed = 0;
