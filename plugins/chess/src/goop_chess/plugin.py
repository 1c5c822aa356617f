# SPDX-License-Identifier: MIT
"""The chess plugin: the context ``chess``, the list of games, and the page to play on."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from goop_chess.games import MIGRATIONS, Games, StoredGame, game_id
from goop_chess.routes import routes
from goop_chess.session import ChessSession, refuse_base
from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, JsonValue, NodeApi, Route, Template
from goop_realtime import (
    Applied,
    ContextType,
    Limits,
    OpenRequest,
    Rejection,
    Session,
    Snapshot,
)

VERSION = "1.0"
MONTH = 30 * 24 * 3600
MAX_OPEN = 1000
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
        self._node: NodeApi | None = None
        self._sessions: dict[str, ChessSession] = {}

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
        database = node.database("chess", MIGRATIONS)
        self._games, self._node = Games(database), node
        try:
            yield
        finally:
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
                page="/chess/",
                messages=schemas(),
                params=params,
                open_session=self._open,
                base=self._base,
                applied=self._applied,
                limits=Limits(message_bytes=4096, rate=20, burst=200, suspended_seconds=MONTH),
            )
        ]

    # What the realtime plugin asks

    def _base(self, request: OpenRequest) -> JsonValue:
        """The game that this context stands for already, to go on with."""
        known = self._known(request)
        return known.state if known is not None else None

    def _open(self, request: OpenRequest, snapshot: Snapshot | None) -> Session | Rejection:
        if request.base is not None:
            refusal = refuse_base(request, request.base)
            if refusal is not None:
                return refusal
        known = self._known(request)
        if known is not None and known.channel != request.channel and request.base != known.state:
            return Rejection(
                code="game_differs",
                reason="The two nodes remember this game differently: start a new one.",
            )
        state = snapshot.state if snapshot is not None else request.base
        session = ChessSession(request, state)
        while len(self._sessions) >= MAX_OPEN:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[request.channel] = session
        return session

    def _known(self, request: OpenRequest) -> StoredGame | None:
        if self._games is None or request.context == "chess":
            return None
        return self._games.find(request.context, self._opponent(request))

    def _opponent(self, request: OpenRequest) -> str:
        assert self._node is not None
        return next(peer for peer in request.peers if peer != self._node.peer_id)

    def _applied(self, entries: Sequence[Applied]) -> None:
        """After commit: bring the list up to date."""
        request = entries[-1].request
        session = self._sessions.get(request.channel)
        if self._games is not None and session is not None:
            self._games.put(self._opponent(request), session, _now())

    # What the endpoints ask

    def find(self, game: str) -> StoredGame | None:
        """The game of that id: from its living session, else from the list."""
        for session in reversed(self._sessions.values()):
            request = session.request
            if game in (game_id(request.context, request.channel), request.channel):
                return self._living(session)
        assert self._games is not None
        return self._games.find(game)

    def _living(self, session: ChessSession) -> StoredGame:
        assert self._games is not None
        request = session.request
        game, peer = game_id(request.context, request.channel), self._opponent(request)
        kept = self._games.find(game, peer)
        now = _now()
        return StoredGame(
            game=game,
            peer=peer,
            channel=request.channel,
            state=session.snapshot(),
            abandoned=kept.abandoned if kept else False,
            created=kept.created if kept else now,
            updated=kept.updated if kept else now,
        )

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
