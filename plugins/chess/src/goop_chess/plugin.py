# SPDX-License-Identifier: MIT
"""The chess plugin: the context ``chess``, the list of games, and the page to play on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from goop_chess.games import MIGRATIONS, Games, StoredGame
from goop_chess.rematch import rematch_of
from goop_chess.routes import routes
from goop_chess.session import ChessSession, new_game, refuse_state, same_clock, same_game
from goop_chess.summary import summary
from goop_chess.terms import terms
from goop_chess.timekeeper import TICK_MS, Timekeeper
from goop_node.clock import now_ms
from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, JsonValue, NodeApi, Route, Template
from goop_realtime import (
    Applied,
    ContextType,
    Limits,
    OpenRequest,
    Refusal,
    Session,
    Snapshot,
    Summary,
)

VERSION = "1.1"
MONTH_MS = 30 * 24 * 3600_000
WRITE_SECONDS = 0.1
"""How long a change of the list may wait for others; whoever reads the list has it at once."""
CALLS = frozenset({"context:video_call", "camera", "microphone"})
"""What the page asks for, to talk beside the board. It plays without, and without that plugin."""
_HERE = Path(__file__).parent


def schemas() -> Mapping[str, JsonSchema]:
    """The JSON Schema of each message, by its ``type``."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((_HERE / "schemas").glob("*.json"))
        if path.stem != "params"
    }


class ChessPlugin:
    """One instance per node."""

    def __init__(self) -> None:
        self._games: Games | None = None
        self._time: Timekeeper | None = None
        self._node: NodeApi | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing: asyncio.TimerHandle | None = None
        # Weak: a session lives as long as its channel, and an invitation's ends with it.
        self._sessions: WeakValueDictionary[str, ChessSession] = WeakValueDictionary()

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """There is nothing to set."""
        return {"type": "object", "additionalProperties": False}

    @hookimpl
    def goop_templates(self) -> Iterable[Template]:
        """The page."""
        return [
            Template(
                name="chess",
                title="Chess",
                description="Play a game with somebody who is online",
                folder=_HERE / "template",
                permissions=CALLS,
            )
        ]

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The endpoints below ``/api/chess``."""
        return [routes(self)]

    @hookimpl
    def goop_lifespan(self, node: NodeApi) -> AbstractAsyncContextManager[None]:
        """Open the list of games."""
        return self._run(node)

    @asynccontextmanager
    async def _run(self, node: NodeApi) -> AsyncIterator[None]:
        database = node.database(MIGRATIONS)
        self._games, self._node = Games(database), node
        self._loop = asyncio.get_running_loop()
        self._time = Timekeeper(node.peer_id, database, now=now_ms, is_connected=self._is_connected)
        self._tick()
        try:
            yield
        finally:
            self._ticking.cancel()
            self._time.write()
            if self._writing is not None:
                self._writing.cancel()
            self._games.write()
            self._games = None
            database.close()

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``chess`` and ``chess_<id>``."""
        params = json.loads((_HERE / "schemas" / "params.json").read_text(encoding="utf-8"))
        return [
            ContextType(
                name="chess",
                version=VERSION,
                title="Chess",
                template="chess",
                messages=schemas(),
                params=params,
                open_session=self._open,
                initial_state=self._initial_state,
                stamp=self._stamp,
                on_open=self._on_open,
                on_commit=self._on_commit,
                summary=self._summary,
                terms=terms,
                single_request=True,
                limits=Limits(message_bytes=4096, rate=20, burst=200, suspended_ms=MONTH_MS),
            )
        ]

    # What the realtime plugin asks

    def _initial_state(self, request: OpenRequest) -> JsonValue:
        """The game that this context stands for already, to go on with, or a new one."""
        known = self._known(request)
        return new_game(request) if known is None else known.state

    def _open(self, request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
        if request.initial_state is not None:
            refusal = refuse_state(request, request.initial_state)
            if refusal is not None:
                return refusal
        known = self._known(request)
        if known is None and request.initial_state is not None and not same_clock(request):
            return Refusal(
                code="bad_base", reason="The game's clocks are not those of the invitation."
            )
        if (
            known is not None
            and known.channel != request.channel
            and not same_game(request, request.initial_state, known.state)
        ):
            if known.state.get("abandonedBy"):
                return Refusal(code="game_abandoned", reason="That game was abandoned.")
            return Refusal(
                code="game_differs",
                reason="The two nodes remember this game differently: start a new one.",
            )
        state: Any = snapshot.state if snapshot is not None else request.initial_state
        session = ChessSession(request, state)
        self._sessions[request.channel] = session
        return session

    def _known(self, request: OpenRequest) -> StoredGame | None:
        if self._games is None or request.context == "chess":
            return None
        known = self._games.find(request.context, self._opponent(request))
        if known is not None and not known.state["moves"] and known.state["reason"] is None:
            # Nothing to go on from; and one node may have it listed without the other.
            return None
        return known

    def _opponent(self, request: OpenRequest) -> str:
        assert self._node is not None
        return next(peer for peer in request.peers if peer != self._node.peer_id)

    def _on_commit(self, session: ChessSession, entries: Sequence[Applied]) -> None:
        """After commit: bring the list and the clocks up to date."""
        assert self._time is not None
        self._time.heard(session, entries)
        self._list(session, begins=False)

    def _stamp(self, request: OpenRequest, data: JsonValue) -> JsonValue:
        """The time is put on a message by the node, whatever the page says."""
        assert isinstance(data, dict)
        session = self._sessions.get(request.channel)
        if self._time is None or session is None:
            return data
        return self._time.stamp(session, data)

    def _on_open(self, request: OpenRequest) -> None:
        """A game is listed from the moment both players have agreed to it."""
        session = self._sessions.get(request.channel)
        if self._games is not None and session is not None:
            self._list(session, begins=True)
            assert self._time is not None
            self._time.opened(session)

    def _list(self, session: ChessSession, *, begins: bool) -> None:
        assert self._games is not None
        self._games.put(self._opponent(session.request), session, _now(), begins=begins)
        self._write_soon()

    def _summary(self, session: ChessSession, peer: str) -> Summary:
        return summary(session, peer, self.label(self._opponent(session.request)))

    def _write_soon(self) -> None:
        """Until then only the log has it; after a crash its entries are applied again."""
        if self._writing is None and self._loop is not None:
            self._writing = self._loop.call_later(WRITE_SECONDS, self._write)

    def _write(self) -> None:
        self._writing = None
        if self._games is not None and self._time is not None:
            self._games.write()
            self._time.write()

    def _tick(self) -> None:
        """The clocks' own task: a timer that begins itself again."""
        assert self._time is not None
        assert self._loop is not None
        self._time.tick()
        self._ticking = self._loop.call_later(TICK_MS / 1000, self._tick)

    def _is_connected(self, peer_id: str) -> bool:
        assert self._node is not None
        peer = self._node.peers.get(peer_id)
        return peer is not None and peer.connected

    # What the endpoints ask

    def rematch(self, stored: StoredGame) -> str:
        """The context of the game's rematch."""
        assert self._games is not None
        return rematch_of(stored, self._games.find)

    def find(self, game: str) -> StoredGame | None:
        """The game of that id or channel."""
        assert self._games is not None
        return self._games.find(game)

    def all_games(self) -> list[StoredGame]:
        """The newest games."""
        assert self._games is not None
        return self._games.all()

    def session_of(self, stored: StoredGame) -> ChessSession:
        """The living session of the game, else one made from the list."""
        living = self._sessions.get(stored.channel)
        if living is not None:
            return living
        request = OpenRequest(
            channel=stored.channel, context=stored.game, opener=stored.peer, peers=(stored.peer,)
        )
        return ChessSession(request, stored.state)

    def clock_of(self, session: ChessSession) -> dict[str, Any] | None:
        """A game's clocks as this node has them now."""
        assert self._time is not None
        return self._time.view(session)

    def abandon(self, stored: StoredGame) -> None:
        """Put a game aside."""
        assert self._games is not None
        self._games.abandon(stored.game, stored.peer, _now())

    def label(self, peer_id: str) -> str:
        """What a person is called."""
        assert self._node is not None
        if peer_id == self._node.peer_id:
            return self._node.label
        peer: Any = self._node.peers.get(peer_id)
        return peer.label if peer is not None and peer.label else f"…{peer_id[-4:]}"


def _now() -> int:
    return time.time_ns() // 1_000_000
