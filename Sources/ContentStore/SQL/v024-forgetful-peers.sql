-- Kinds of which a peer may have lost what it sent here: it was restored to a time before that, and no pull of the
-- whole kind has given it back since. compared: the transfer whose plan has seen, after that was found out, the whole
-- list of what the peer holds of the kind.
CREATE TABLE owed (
    pid      INTEGER NOT NULL,
    kid      INTEGER NOT NULL,
    compared TEXT,
    PRIMARY KEY (pid, kid)
) STRICT, WITHOUT ROWID;

-- setting newest-here:INSTANCE, newest-there:INSTANCE: the newest transfer with a peer, begun here or by the peer, of
-- which is known here that it was carried out, whichever side sent. It outlives the transfer. A plan without a batch
-- was never committed.
DELETE FROM setting WHERE key GLOB 'newest-acknowledged:*';

INSERT OR REPLACE INTO setting (key, value)
SELECT CASE known.initiator WHEN peer.instance THEN 'newest-there:' ELSE 'newest-here:' END || peer.instance,
    max(known.id)
FROM (
    SELECT pid, initiator, id FROM transfer WHERE phase = 'committed'
    UNION ALL
    SELECT pid, initiator, transfer FROM plan
    WHERE phase = 'acknowledged'
        AND CASE WHEN json_valid(summary) THEN json_array_length(summary, '$.batches') END > 0
) AS known
JOIN peer ON peer.pid = known.pid
GROUP BY 1;
