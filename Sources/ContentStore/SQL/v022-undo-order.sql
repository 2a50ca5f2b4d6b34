-- In which order undo makes room, meaningful while undoable = 1. undo_class: 1 a run between instances that changed
-- items, 0 every other change; one never makes room for the other. undo_rows: rows of its undo, at least 1.
-- undo_before: how many rows the undo of those before it in its class had when it came.
ALTER TABLE run ADD COLUMN undo_class  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN undo_rows   INTEGER NOT NULL DEFAULT 1;
ALTER TABLE run ADD COLUMN undo_before INTEGER NOT NULL DEFAULT 0;

UPDATE run SET
    undo_rows = (SELECT max(1, count(*)) FROM undo WHERE undo.run = run.id),
    undo_class = direction IN ('receive', 'pull') AND EXISTS (
        SELECT 1 FROM undo WHERE undo.run = run.id AND undo.verdict IN (0, 1, 3, 5, 7))
WHERE undoable = 1;

UPDATE run SET undo_before = place.before
FROM (
    SELECT id, sum(undo_rows) OVER (PARTITION BY undo_class ORDER BY started, id) - undo_rows AS before
    FROM run
    WHERE undoable = 1
) AS place
WHERE run.id = place.id;

CREATE INDEX run_undo_order ON run (undo_class, undo_before) WHERE undoable = 1;
CREATE INDEX run_undo_age ON run (started) WHERE undoable = 1;

-- What undo keeps of one item, whichever run it belongs to. Items that a run made have nothing to be found.
CREATE INDEX undo_by_item ON undo (kid, bucket, id) WHERE existed = 1;
