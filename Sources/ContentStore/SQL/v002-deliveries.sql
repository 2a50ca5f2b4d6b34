-- A process that tells observers about an event holds a claim on it until `claimed_until`. One that was killed renews
-- it no more, so that the event becomes free by itself. `due` is the end of time when only a person can go on.
ALTER TABLE outbox ADD COLUMN run TEXT;
ALTER TABLE outbox ADD COLUMN claim TEXT;
ALTER TABLE outbox ADD COLUMN claimed_until INTEGER NOT NULL DEFAULT 0;

-- Events that were given up as a whole are tried again, now handler by handler.
UPDATE outbox
SET run = payload ->> '$.run', due = CASE WHEN attempts >= 12 THEN 0 ELSE due END, attempts = 0, failure = NULL;

CREATE INDEX outbox_by_run ON outbox (run);

-- How far each handler is with an event. See DeliveryState for `state`. A number is never given again: people use it.
CREATE TABLE delivery (
    did      INTEGER PRIMARY KEY AUTOINCREMENT,
    oid      INTEGER NOT NULL,
    handler  TEXT    NOT NULL,
    state    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    failure  TEXT,
    UNIQUE (oid, handler)
) STRICT;

CREATE INDEX delivery_dead ON delivery (did) WHERE state = 2;

-- Documents of a collection in the order in which they were first saved.
CREATE INDEX document_by_ordinal ON document (collection, ordinal);
