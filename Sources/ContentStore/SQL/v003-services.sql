-- Values that handlers keep by name. `owner` is the file whose handlers see them.
CREATE TABLE kept_value (
    owner   TEXT NOT NULL,
    key     TEXT NOT NULL,
    bytes   BLOB NOT NULL,
    expires INTEGER,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_value_by_expiry ON kept_value (expires) WHERE expires IS NOT NULL;

-- What scripts cached. Numbers grow with time, so the smallest is the oldest. The bytes come last: what stands behind
-- them in a row is found only by reading them.
CREATE TABLE cached_value (
    cid     INTEGER PRIMARY KEY AUTOINCREMENT,
    key     TEXT NOT NULL UNIQUE,
    size    INTEGER NOT NULL,
    expires INTEGER,
    bytes   BLOB NOT NULL
) STRICT;

CREATE INDEX cached_value_by_expiry ON cached_value (expires) WHERE expires IS NOT NULL;

-- The sum of the sizes, kept by the triggers, so that no write has to add them up.
CREATE TABLE cache_total (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO cache_total (one, bytes) VALUES (1, 0);

CREATE TRIGGER cache_grows AFTER INSERT ON cached_value BEGIN
    UPDATE cache_total SET bytes = bytes + new.size;
END;

CREATE TRIGGER cache_shrinks AFTER DELETE ON cached_value BEGIN
    UPDATE cache_total SET bytes = bytes - old.size;
END;

-- When each schedule was last taken on, in Unix seconds.
CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    due  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Texts of live items: one row for each member of an item that holds any. `sid` is the row in search_text.
CREATE TABLE search_row (
    sid    INTEGER PRIMARY KEY,
    kid    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    field  TEXT    NOT NULL
) STRICT;

CREATE INDEX search_row_by_item ON search_row (kid, bucket, id);

CREATE VIRTUAL TABLE search_text USING fts5 (text, tokenize = "unicode61 remove_diacritics 2");

-- Up to where the changes of a kind are in the index: the last row of head that was read, by its sequence number.
CREATE TABLE search_progress (
    kid    INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL
) STRICT;
