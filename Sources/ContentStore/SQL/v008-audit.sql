-- Who did what, when and from where, and what came of it. Rows are added, and go only when they are old.
-- action: see AuditAction. actor: id of an instance that proved to have a key, or the name of a user of this machine.
-- name: what people call that instance, or who became that user with sudo. outcome: an error code, or ok.
-- counts: JSON object of numbers.
CREATE TABLE audit (
    aid     INTEGER PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    action  TEXT    NOT NULL,
    actor   TEXT,
    name    TEXT,
    address TEXT,
    target  TEXT,
    run     TEXT,
    outcome TEXT    NOT NULL,
    note    TEXT,
    counts  TEXT
) STRICT;

CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;

-- REPLACE deletes without asking a trigger.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE aid = new.aid)
BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;

-- A year, or 30 days for refusals of callers who proved nothing. Age is told from the newest row: the clock that wrote
-- the rows counts. See Retention.
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN old.time >= (SELECT time FROM audit ORDER BY aid DESC LIMIT 1)
    - CASE WHEN old.action = 'refuse' AND old.actor IS NULL THEN 2592000 ELSE 31536000 END
BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
