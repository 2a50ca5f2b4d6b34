-- What the calls of each handler came to, of all processes together. Times are nanoseconds, memory is bytes.
-- updated: Unix seconds; handlers that were not called for long are forgotten.
CREATE TABLE handler_total (
    event         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    calls         INTEGER NOT NULL,
    errors        INTEGER NOT NULL,
    killed_cpu    INTEGER NOT NULL,
    killed_wall   INTEGER NOT NULL,
    killed_memory INTEGER NOT NULL,
    cpu           INTEGER NOT NULL,
    wall          INTEGER NOT NULL,
    peak_memory   INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    dropped       INTEGER NOT NULL,
    skipped       INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    PRIMARY KEY (event, name)
) STRICT, WITHOUT ROWID;

-- Processes that work on this instance, and the handlers that each of them runs.
-- seen: when it last said that it is alive. generation: NULL when it could load none. error: why the present contents
-- of hooks/ are not what it runs.
CREATE TABLE process (
    host       TEXT    NOT NULL,
    pid        INTEGER NOT NULL,
    command    TEXT    NOT NULL,
    started    INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    generation TEXT,
    error      TEXT,
    PRIMARY KEY (host, pid)
) STRICT, WITHOUT ROWID;
