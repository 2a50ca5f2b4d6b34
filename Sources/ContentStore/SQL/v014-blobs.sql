-- The files that a plan needs at its destination, each once.
CREATE TABLE plan_blob (
    transfer TEXT    NOT NULL,
    sha256   BLOB    NOT NULL,
    size     INTEGER NOT NULL,
    path     TEXT    NOT NULL,
    PRIMARY KEY (transfer, sha256)
) STRICT, WITHOUT ROWID;

-- Assets that a run changed, and whose links below the folder of uploads have not been made since.
CREATE TABLE unlinked_asset (
    run    TEXT    NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    PRIMARY KEY (run, bucket, id)
) STRICT, WITHOUT ROWID;
