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
