-- The files whose blobs a plan needs at its destination.
CREATE TABLE plan_blob (
    transfer TEXT    NOT NULL,
    sha256   BLOB    NOT NULL,
    size     INTEGER NOT NULL,
    path     TEXT    NOT NULL,
    PRIMARY KEY (transfer, sha256)
) STRICT, WITHOUT ROWID;

-- Runs that changed assets, and whose links below uploads have not been made yet.
CREATE TABLE unlinked_run (
    run TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
