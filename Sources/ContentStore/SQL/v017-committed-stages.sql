-- Rows in stage whose transfer is committed own no body any more: those belong to head and undo. Earlier versions of
-- Tidelock, which would free the bodies together with such rows, must not open the store.

-- References of staged items in the order in which they came, so that they are written behind one another and once.
ALTER TABLE stage_link RENAME TO unordered_link;

CREATE TABLE stage_link (
    transfer TEXT    NOT NULL,
    batch    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    from_kid INTEGER NOT NULL,
    from_id  TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    PRIMARY KEY (transfer, batch, number)
) STRICT, WITHOUT ROWID;

INSERT INTO stage_link (transfer, batch, number, from_kid, from_id, kind, bucket, id)
SELECT transfer, coalesce(batch, 0), rowid, from_kid, from_id, kind, bucket, id FROM unordered_link;

DROP TABLE unordered_link;
