# SPDX-License-Identifier: MIT
"""The tables of the journal, and how an older file comes to them."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE node (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE channels (id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE entries (
        channel TEXT NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, id TEXT NOT NULL,
        author TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, raw BLOB NOT NULL,
        PRIMARY KEY (channel, seq)
    ) WITHOUT ROWID;
    CREATE TABLE starts (
        channel TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
        snapshot BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, channel TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
        kind TEXT NOT NULL, raw BLOB NOT NULL
    );
    CREATE INDEX outbox_id ON outbox (channel, id);
    CREATE TABLE outcomes (
        n INTEGER PRIMARY KEY, channel TEXT NOT NULL, id TEXT NOT NULL, epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, pointer TEXT NOT NULL
    );
    CREATE INDEX outcomes_channel ON outcomes (channel, n);
    CREATE TABLE cursors (
        channel TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (channel, name)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE outcomes ADD COLUMN author TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TEMP TABLE two AS
        SELECT id, json, theirs, CASE first WHEN theirs THEN second ELSE first END AS ours FROM (
            SELECT id, json, json_extract(json, '$.peer') AS theirs,
                json_extract(json, '$.peers[0]') AS first,
                json_extract(json, '$.peers[1]') AS second
            FROM (
                SELECT id, iif(json_valid(CAST(row AS TEXT)), CAST(row AS TEXT), '{}') AS json
                FROM channels
            )
        ) WHERE typeof(theirs) = 'text' AND typeof(first) = 'text' AND typeof(second) = 'text';
    CREATE TABLE members (
        channel TEXT NOT NULL, peer TEXT NOT NULL, row BLOB NOT NULL,
        PRIMARY KEY (channel, peer)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO members SELECT id, theirs, CAST(json_object(
        'label', json_extract(json, '$.peerLabel'),
        'suspendedAt', json_extract(json, '$.suspendedAt'),
        'closeAcked', json(iif(json_extract(json, '$.closeAcked'), 'true', 'false')),
        'failures', json(iif(
            json_type(json, '$.peerFailures') = 'array', json_extract(json, '$.peerFailures'), '[]'
        ))
    ) AS BLOB) FROM two;
    UPDATE channels SET row = (SELECT CAST(json_remove(
        json_set(json, '$.host', iif(json_extract(json, '$.hosted'), ours, theirs)),
        '$.peer', '$.peerLabel', '$.hosted', '$.suspendedAt', '$.closeAcked', '$.peerFailures'
    ) AS BLOB) FROM two WHERE two.id = channels.id) WHERE id IN (SELECT id FROM two);
    CREATE TEMP TABLE cursors_of_two AS SELECT * FROM cursors;
    DROP TABLE cursors;
    CREATE TABLE cursors (
        channel TEXT NOT NULL, peer TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (channel, peer, name)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO cursors
        SELECT channel, iif(name LIKE 'peer%', theirs, ours), replace(name, 'peer_', ''), seq
        FROM cursors_of_two JOIN two ON id = channel;
    DROP TABLE cursors_of_two;
    DROP TABLE two;
    DELETE FROM outcomes WHERE author = '';
    """,
    """
    CREATE TABLE rooms (id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE room_numbers (
        room TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (room, name)
    ) WITHOUT ROWID;
    CREATE TABLE room_bases (room TEXT PRIMARY KEY, base BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE room_entries (
        room TEXT NOT NULL, seq INTEGER NOT NULL, number INTEGER NOT NULL, host TEXT NOT NULL,
        kind TEXT NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL,
        addressee TEXT NOT NULL, raw BLOB NOT NULL, salt BLOB NOT NULL, sig BLOB NOT NULL,
        digest BLOB NOT NULL, PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE TABLE room_outbox (
        room TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL,
        addressee TEXT NOT NULL, raw BLOB NOT NULL, salt BLOB NOT NULL, PRIMARY KEY (room, id)
    ) WITHOUT ROWID;
    CREATE TABLE room_refusals (
        n INTEGER PRIMARY KEY, room TEXT NOT NULL, author TEXT NOT NULL, id TEXT NOT NULL,
        code TEXT NOT NULL, reason TEXT NOT NULL, pointer TEXT NOT NULL, UNIQUE (room, author, id)
    );
    """,
)
"""The schema, by user_version.

The first two are 0.1. The third gives a channel members: until then its row and its cursors
told of one other peer. The fourth has rooms, in tables of their own.
"""
