# SPDX-License-Identifier: MIT
"""The context ``arcade``, its leaderboard, and a page that plays: a small game for one to four."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from litestar import get

from goop_arcade_rooms.scores import MIGRATIONS, MODES, Scores
from goop_arcade_rooms.session import ArcadeSession, open_session
from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, JsonValue, NodeApi, Route, Template
from goop_realtime import Applied, ContextType, Limits, MessageType

_HERE = Path(__file__).parent
NEWEST_COUNTS = {"position": 60.0, "clock": 10.0}
"""Of these nobody needs what is older; how many a second."""


class ArcadeRoomsPlugin:
    """One instance per node."""

    def __init__(self) -> None:
        self._scores: Scores | None = None

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """There is nothing to set."""
        return {"type": "object", "additionalProperties": False}

    @hookimpl
    def goop_templates(self) -> Iterable[Template]:
        """The page."""
        return [
            Template(
                name="arcade",
                title="Arcade",
                description="Defend the earth, with up to three others or against them",
                folder=_HERE / "template",
            )
        ]

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The leaderboard, below ``/api/arcade_rooms``."""

        @get("/scores", sync_to_thread=False)
        def scores() -> dict[str, list[dict[str, JsonValue]]]:
            """The best rounds of each mode, the best first."""
            assert self._scores is not None
            return {mode: self._scores.best(mode) for mode in MODES}

        return [Route(handlers=[scores])]

    @hookimpl
    def goop_lifespan(self, node: NodeApi) -> AbstractAsyncContextManager[None]:
        """Open the leaderboard."""
        return self._run(node)

    @asynccontextmanager
    async def _run(self, node: NodeApi) -> AsyncIterator[None]:
        database = node.database(MIGRATIONS)
        self._scores = Scores(database)
        try:
            yield
        finally:
            self._scores.write()
            self._scores = None
            database.close()

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``arcade`` and ``arcade_<id>``: any page may serve them."""
        return [
            ContextType(
                name="arcade",
                version="2.0",
                title="Arcade game",
                template="arcade",
                messages=_messages(),
                open_session=open_session,
                on_commit=self._on_commit,
                max_peers=8,
                # Two frames per tick of a 60 Hz loop, with room for a hiccup.
                limits=Limits(message_bytes=1024, rate=600, burst=1200, suspended_ms=300_000),
            )
        ]

    def _on_commit(self, session: ArcadeSession, entries: Sequence[Applied]) -> None:
        """A round that is over is written down; the Session knows the last few of them."""
        assert self._scores is not None
        over = [entry for entry in entries if entry.message.fields["type"] == "over"]
        if over:
            self._scores.put(over[-1].request.channel, session.rounds.results)


def _messages() -> dict[str, MessageType | JsonSchema]:
    found: dict[str, MessageType | JsonSchema] = {}
    for path in sorted((_HERE / "schemas").glob("*.json")):
        schema: JsonSchema = json.loads(path.read_text(encoding="utf-8"))
        rate = NEWEST_COUNTS.get(path.stem)
        found[path.stem] = (
            schema if rate is None else MessageType(schema, delivery="latest", rate=rate)
        )
    return found
