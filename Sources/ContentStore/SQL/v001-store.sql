-- Facts about this instance: id, name, epoch, and the counters `sequence` and `fence`.
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Short numbers for kinds, so that rows stay narrow.
CREATE TABLE kind (
    kid  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Other instances, by number. 0 is never used: as an origin it means "made here".
CREATE TABLE peer (
    pid      INTEGER PRIMARY KEY,
    instance TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL
) STRICT;

-- The bytes of an item. Never updated; referenced by exactly one head, undo or stage row.
CREATE TABLE body (
    rid   INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Which body is current for (kind, id). A deleted row is a tombstone: it keeps the sequence number of the delete.
-- base: output hash that `origin` applied last. edited: 1 changed here since then, 2 kept here on purpose when that
-- output arrived. reverted: the transfer that a rollback undid.
CREATE TABLE head (
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    rid      INTEGER,
    hash     BLOB,
    base     BLOB,
    origin   INTEGER NOT NULL DEFAULT 0,
    edited   INTEGER NOT NULL DEFAULT 0,
    seq      INTEGER NOT NULL,
    arrived  INTEGER NOT NULL,
    modified INTEGER,
    state    INTEGER,
    parent   TEXT,
    deleted  INTEGER NOT NULL DEFAULT 0,
    reverted TEXT,
    PRIMARY KEY (kid, bucket, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX head_by_sequence ON head (kid, seq);
CREATE INDEX head_edited ON head (kid, origin) WHERE edited = 1;
CREATE INDEX head_reverted ON head (kid) WHERE reverted IS NOT NULL;

-- Leaves of the digest trees. role 0: what pid left here; role 1: what pid should hold of us.
CREATE TABLE leaf (
    role   INTEGER NOT NULL,
    pid    INTEGER NOT NULL,
    kid    INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    dirty  INTEGER NOT NULL,
    PRIMARY KEY (role, pid, kid, bucket)
) STRICT, WITHOUT ROWID;

CREATE INDEX leaf_dirty ON leaf (role, pid, kid, bucket) WHERE dirty = 1;

-- 256 leaves each.
CREATE TABLE node (
    role   INTEGER NOT NULL,
    pid    INTEGER NOT NULL,
    kid    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    PRIMARY KEY (role, pid, kid, number)
) STRICT, WITHOUT ROWID;

-- The filter handlers under which outputs were computed.
CREATE TABLE handler_set (
    fid         INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    names       TEXT NOT NULL,
    UNIQUE (fingerprint, names)
) STRICT;

-- How far a stream has come, per kind, and under which handlers.
CREATE TABLE checkpoint (
    pid   INTEGER NOT NULL,
    kid   INTEGER NOT NULL,
    epoch TEXT    NOT NULL,
    seq   INTEGER NOT NULL,
    fid   INTEGER NOT NULL,
    PRIMARY KEY (pid, kid)
) STRICT, WITHOUT ROWID;

-- What we believe a peer holds of us: a memory of (source, handlers) -> output. See ShadowState for `state`.
-- out_hash stays when the peer does not hold the output any more: it tells what we sent from what comes back.
CREATE TABLE shadow (
    pid      INTEGER NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    src_hash BLOB,
    out_hash BLOB,
    fid      INTEGER,
    state    INTEGER NOT NULL,
    PRIMARY KEY (pid, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- 6: taken back by a rollback at the peer.
CREATE INDEX shadow_reverted ON shadow (pid, kid) WHERE state = 6;

-- Runs started here, transfers received, and every other change that can be undone.
CREATE TABLE run (
    id        TEXT PRIMARY KEY,
    direction TEXT NOT NULL,
    target    TEXT,
    phase     TEXT NOT NULL,
    started   INTEGER NOT NULL,
    ended     INTEGER,
    undoable  INTEGER NOT NULL DEFAULT 0,
    report    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX run_by_start ON run (started);

-- A transfer as its source sees it: the plan.
CREATE TABLE plan (
    transfer    TEXT PRIMARY KEY,
    pid         INTEGER NOT NULL,
    initiator   TEXT NOT NULL,
    direction   TEXT NOT NULL,
    scope       TEXT NOT NULL,
    phase       TEXT NOT NULL,
    summary     TEXT,
    checkpoints TEXT,
    opened      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a plan does with a row. See PlannedOperation.Action for `action`.
CREATE TABLE plan_op (
    transfer TEXT    NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    action   INTEGER NOT NULL,
    src_hash BLOB,
    out_hash BLOB,
    fid      INTEGER NOT NULL,
    PRIMARY KEY (transfer, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- The batches of a plan exactly as they travel, so that a repetition is the same to the byte.
CREATE TABLE plan_batch (
    transfer   TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    operations INTEGER NOT NULL,
    payload    BLOB    NOT NULL,
    PRIMARY KEY (transfer, number)
) STRICT;

-- A transfer as its destination sees it.
CREATE TABLE transfer (
    id        TEXT PRIMARY KEY,
    pid       INTEGER NOT NULL,
    initiator TEXT NOT NULL,
    direction TEXT NOT NULL,
    scope     TEXT NOT NULL,
    phase     TEXT NOT NULL,
    fence     INTEGER NOT NULL,
    opened    INTEGER NOT NULL,
    touched   INTEGER NOT NULL,
    result    TEXT
) STRICT, WITHOUT ROWID;

-- Batches that have been staged.
CREATE TABLE staged_batch (
    transfer   TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    operations INTEGER NOT NULL,
    PRIMARY KEY (transfer, number)
) STRICT, WITHOUT ROWID;

-- Operations that have arrived and that no reader sees yet. op: 1 put, 2 delete, 3 release.
CREATE TABLE stage (
    transfer TEXT    NOT NULL,
    kid      INTEGER NOT NULL,
    bucket   INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    op       INTEGER NOT NULL,
    rid      INTEGER,
    hash     BLOB,
    modified INTEGER,
    state    INTEGER,
    parent   TEXT,
    PRIMARY KEY (transfer, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- Who writes here, until when. At most one row.
CREATE TABLE lease (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    transfer  TEXT NOT NULL,
    source    TEXT NOT NULL,
    holder    TEXT NOT NULL,
    fence     INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    expires   INTEGER NOT NULL
) STRICT;

-- What a run found and what it left, row by row. See Verdict for `verdict`.
CREATE TABLE undo (
    run          TEXT    NOT NULL,
    kid          INTEGER NOT NULL,
    bucket       INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    verdict      INTEGER NOT NULL,
    existed      INTEGER NOT NULL,
    old_rid      INTEGER,
    old_hash     BLOB,
    old_base     BLOB,
    old_origin   INTEGER NOT NULL,
    old_edited   INTEGER NOT NULL,
    old_modified INTEGER,
    old_state    INTEGER,
    old_parent   TEXT,
    old_deleted  INTEGER NOT NULL,
    old_reverted TEXT,
    new_rid      INTEGER,
    new_hash     BLOB,
    new_base     BLOB,
    new_origin   INTEGER NOT NULL,
    PRIMARY KEY (run, kid, bucket, id)
) STRICT, WITHOUT ROWID;

-- Events that are committed and wait to be told to observers.
CREATE TABLE outbox (
    oid      INTEGER PRIMARY KEY,
    event    TEXT    NOT NULL,
    payload  TEXT    NOT NULL,
    progress INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL,
    failure  TEXT
) STRICT;

-- Tokens of opens and commits that must not be seen twice.
CREATE TABLE seen_token (
    jti     TEXT PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    lid       INTEGER PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    type      TEXT NOT NULL,
    channel   TEXT NOT NULL,
    message   TEXT NOT NULL,
    context   TEXT
) STRICT;

-- Collections that handlers keep for themselves.
CREATE TABLE document (
    collection TEXT NOT NULL,
    id         TEXT NOT NULL,
    ordinal    INTEGER NOT NULL,
    bytes      BLOB NOT NULL,
    PRIMARY KEY (collection, id)
) STRICT, WITHOUT ROWID;

-- Remote instances by the name people use. key_variable names an environment variable instead of storing the key.
CREATE TABLE target (
    name         TEXT PRIMARY KEY,
    position     INTEGER NOT NULL,
    uri          TEXT NOT NULL,
    key          TEXT,
    key_variable TEXT,
    push         INTEGER NOT NULL,
    pull         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which instance answered last at a target's address.
CREATE TABLE answered (
    target   TEXT PRIMARY KEY,
    uri      TEXT NOT NULL,
    instance TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys of the content API; only their hashes.
CREATE TABLE api_key (
    name    TEXT PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
