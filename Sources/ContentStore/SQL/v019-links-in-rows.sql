-- References of a staged item stand in its row: they are written, superseded and freed with it.
-- For each the kind by name, because it may be one that this instance has never seen, the bucket of what it leads to and
-- its id; the texts behind their lengths in bytes, so that they may hold anything.
ALTER TABLE stage ADD COLUMN links BLOB;

CREATE TABLE packed_link (
    transfer TEXT    NOT NULL,
    batch    INTEGER NOT NULL,
    kid      INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    links    TEXT    NOT NULL,
    PRIMARY KEY (transfer, kid, id, batch)
) STRICT, WITHOUT ROWID;

INSERT INTO packed_link (transfer, batch, kid, id, links)
SELECT transfer, batch, from_kid, from_id, group_concat(
    length(CAST(kind AS BLOB)) || ':' || kind || bucket || ':' || length(CAST(id AS BLOB)) || ':' || id, '')
FROM stage_link
WHERE transfer NOT IN (SELECT id FROM transfer WHERE phase = 'committed')
GROUP BY transfer, batch, from_kid, from_id;

UPDATE stage SET links = CAST(p.links AS BLOB)
FROM packed_link p
WHERE p.transfer = stage.transfer AND p.kid = stage.kid AND p.id = stage.id AND p.batch = coalesce(stage.batch, 0);

DROP TABLE packed_link;
DROP TABLE stage_link;
