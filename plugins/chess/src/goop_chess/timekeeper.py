# SPDX-License-Identifier: MIT
"""What this node measures for the clocks of its games, and puts on our player's messages.

Times are those of ``now`` (Unix ms, which no setting of the system's clock bends); what a start of
the node must not lose is in the plugin's database. ``docs/chess-clocks.md`` says what is measured.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from goop_chess.clocks import DAY_MS, MAX_MS
from goop_chess.session import ChessSession
from goop_node.data.storage import is_locked
from goop_realtime import Applied

TICK_MS = 1_000
LONGEST_TICK_MS = 2_000
"""What one tick counts at most: of the time that the machine slept, this node has seen nothing."""
AWAY_MS = 5 * 60_000
"""How long, per move, the other node may be out of reach before that counts as well."""
HERE_MS = 3600_000
"""How long this node has to have been running before it says that days have gone by."""
SAVE_MS = 10_000


@dataclass
class Measured:
    """Of one game, in ms: points in time (``started``, ``asked``), and how much has gone by."""

    seq: int
    """The last entry of the log that is taken into account."""
    started: int
    """When it became our player's turn."""
    asked: int
    """When our player's last move was made: the wait for the other's began."""
    waiting: bool
    here: int = 0
    linked: int = 0
    """Of the wait so far: how long this node was running, and how long it had a connection."""
    passed: int = 0
    seen: int = 0
    """Of the wait that is over."""


def seen(kind: str, passed: int, here: int, linked: int) -> int:
    """How much of a wait this node has seen the other player being able to move, in ms.

    That is while the two were connected. An absence counts from the sixth minute on, while this
    node was there itself; in correspondence, where nobody need be there, it is all but a day.
    """
    if kind == "correspondence":
        alone = passed - DAY_MS if here >= HERE_MS else 0
        return max(linked, alone)
    return linked + max(0, here - linked - AWAY_MS)


class Timekeeper:
    """Of all games with clocks that have a channel. Driven by the plugin."""

    def __init__(
        self,
        me: str,
        database: sqlite3.Connection,
        *,
        now: Callable[[], int],
        is_connected: Callable[[str], bool],
    ) -> None:
        self._me = me
        self._db = database
        self._now = now
        self._is_connected = is_connected
        self._games: dict[str, tuple[str, Measured]] = {}
        self._changed: set[str] = set()
        self._ticked = self._saved = now()

    def opened(self, session: ChessSession) -> None:
        """Both players have agreed, or found each other again: a new game is measured from now."""
        if session.clock is not None and not session.stopped:
            self._measured(session)

    def heard(self, session: ChessSession, entries: Sequence[Applied]) -> None:
        """Entries are in the log of the game, perhaps told before."""
        if session.clock is None:
            return
        if session.stopped:
            self._forget(session.request.channel)
            return
        measured, now = self._measured(session), self._now()
        for entry in entries:
            if entry.seq <= measured.seq:
                continue
            measured.seq = entry.seq
            kind, own = entry.message.fields["type"], entry.message.sender == self._me
            if kind == "move" and not own:
                measured.passed, measured.seen = self._wait(session, measured)
            if kind in ("move", "takeback_accept"):
                measured.waiting = own if kind == "move" else not self._is_ours(session)
                measured.here = measured.linked = 0
                measured.started = now
            if kind == "takeback_accept":
                measured.asked = now
        self._changed.add(session.request.channel)

    def stamp(self, session: ChessSession, data: dict[str, Any]) -> dict[str, Any]:
        """A message of our player's page, with our node's time on it, and no other."""
        said = {name: value for name, value in data.items() if name != "clock"}
        if session.clock is None or said["type"] not in ("move", "flag"):
            return said
        measured, now = self._measured(session), self._now()
        stamp = self._stamp(session, measured)
        if said["type"] == "move" and self._is_ours(session):
            measured.asked = now
            self._changed.add(session.request.channel)
        return {**said, "clock": stamp}

    def view(self, session: ChessSession) -> dict[str, Any] | None:
        """What a page shows: ``elapsed`` ms of the clock that runs, and whether time can be
        claimed; ``None`` without clocks."""
        clock, position = session.clock, session.position
        if clock is None:
            return None
        shown = {**clock.snapshot(), "running": None, "elapsed": 0, "claimable": False}
        if session.stopped or session.request.channel not in self._games:
            return shown
        measured, turn = self._measured(session), position.turn
        mine = "white" if session.players["white"] == self._me else "black"
        other = "black" if mine == "white" else "white"
        if session.started:
            since = measured.started if turn == mine else measured.asked
            shown |= {"running": turn, "elapsed": self._within(self._now() - since)}
        stamp = self._stamp(session, measured)
        plies = len(position.uci)
        return {**shown, "claimable": clock.out(other, mine, turn, plies, stamp)}

    def tick(self) -> None:
        """A second or so has gone by: count what this node has seen of it."""
        now = self._now()
        gone = min(max(0, now - self._ticked), LONGEST_TICK_MS)
        self._ticked = now
        for channel, (peer, measured) in self._games.items():
            if measured.waiting:
                measured.here += gone
                measured.linked += gone if self._is_connected(peer) else 0
                self._changed.add(channel)
        if now - self._saved >= SAVE_MS:
            self.write()

    def write(self) -> None:
        """Keep what has changed; later while another program has the lock."""
        self._saved = self._now()
        rows = [
            (channel, json.dumps(asdict(self._games[channel][1])))
            for channel in self._changed
            if channel in self._games
        ]
        gone = [(channel,) for channel in self._changed if channel not in self._games]
        if not self._changed:
            return
        try:
            with self._db as db:
                db.executemany("INSERT OR REPLACE INTO clocks VALUES (?, ?)", rows)
                db.executemany("DELETE FROM clocks WHERE channel = ?", gone)
        except sqlite3.OperationalError as error:
            if is_locked(error):
                return
            raise
        self._changed.clear()

    def _measured(self, session: ChessSession) -> Measured:
        channel = session.request.channel
        known = self._games.get(channel)
        if known is not None:
            return known[1]
        row = self._db.execute("SELECT measured FROM clocks WHERE channel = ?", (channel,))
        found = row.fetchone()
        if found is not None:
            measured = Measured(**json.loads(found[0]))
        else:
            now = self._now()
            measured = Measured(0, now, now, waiting=not self._is_ours(session))
            self._changed.add(channel)
        peer = next(peer for peer in session.players.values() if peer != self._me)
        self._games[channel] = (peer, measured)
        return measured

    def _forget(self, channel: str) -> None:
        self._games.pop(channel, None)
        self._changed.add(channel)

    def _is_ours(self, session: ChessSession) -> bool:
        return session.players[session.position.turn] == self._me

    def _stamp(self, session: ChessSession, measured: Measured) -> dict[str, int]:
        spent, passed, seen_ = 0, measured.passed, measured.seen
        if self._is_ours(session):
            spent = self._within(self._now() - measured.started)
        else:
            passed, seen_ = self._wait(session, measured)
        return {"spent": spent, "passed": passed, "seen": seen_}

    def _wait(self, session: ChessSession, measured: Measured) -> tuple[int, int]:
        assert session.clock is not None
        passed = self._within(self._now() - measured.asked)
        kind = session.clock.control["kind"]
        return passed, min(passed, seen(kind, passed, measured.here, measured.linked))

    @staticmethod
    def _within(ms: int) -> int:
        return min(max(0, ms), MAX_MS)
