-- What holders of a key may do: `read`, or `write`, which includes it.
ALTER TABLE api_key ADD COLUMN access TEXT NOT NULL DEFAULT 'read';

-- Which assets said that their file lies at a path: made from head, and brought up to date when somebody asks.
CREATE TABLE asset_path (
    path TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (path, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_path_by_id ON asset_path (id);

-- Up to where the changes of assets are in asset_path; at most one row.
CREATE TABLE asset_path_progress (
    kid    INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL
) STRICT;
