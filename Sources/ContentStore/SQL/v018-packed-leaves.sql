-- Nodes of the digest trees, each with its leaves. role 0: what pid left here; role 1: what pid should hold of us.
-- leaves: of each of up to 256 that have rows, in ascending order, the low byte of its bucket, how many rows it has
-- (four bytes, the highest first) and its digest (16 bytes). WITHOUT ROWID, rows of this length would take up a page
-- each beside their share of the table.
DROP TABLE node;

CREATE TABLE node (
    role   INTEGER NOT NULL,
    pid    INTEGER NOT NULL,
    kid    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    leaves BLOB    NOT NULL,
    PRIMARY KEY (role, pid, kid, number)
) STRICT;

-- Leaves whose rows have changed since they were computed.
CREATE TABLE dirty_leaf (
    role   INTEGER NOT NULL,
    pid    INTEGER NOT NULL,
    kid    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    PRIMARY KEY (role, pid, kid, bucket)
) STRICT, WITHOUT ROWID;

-- All are computed anew from the rows.
DROP TABLE leaf;

INSERT INTO dirty_leaf (role, pid, kid, bucket)
SELECT DISTINCT 0, origin, kid, bucket FROM head
WHERE origin <> 0 AND base IS NOT NULL AND bucket BETWEEN 0 AND 65535
UNION SELECT DISTINCT 1, pid, kid, bucket FROM shadow
WHERE state IN (1, 4) AND bucket BETWEEN 0 AND 65535;
