# SPDX-License-Identifier: MIT
"""The context ``arcade``, and a page that plays in it: a small game for one to four."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, NodeApi, Template
from goop_realtime import ContextType, Limits, MessageType

_HERE = Path(__file__).parent
NEWEST_COUNTS = {"position": 60.0, "clock": 10.0}
"""Of these nobody needs what is older; how many a second."""


class ArcadeRoomsPlugin:
    """One instance per node."""

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
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``arcade`` and ``arcade_<id>``: any page may serve them."""
        return [
            ContextType(
                name="arcade",
                version="2.0",
                title="Arcade game",
                template="arcade",
                messages=_messages(),
                max_peers=8,
                # Two frames per tick of a 60 Hz loop, with room for a hiccup.
                limits=Limits(message_bytes=1024, rate=600, burst=1200, suspended_ms=300_000),
            )
        ]


def _messages() -> dict[str, MessageType | JsonSchema]:
    found: dict[str, MessageType | JsonSchema] = {}
    for path in sorted((_HERE / "schemas").glob("*.json")):
        schema: JsonSchema = json.loads(path.read_text(encoding="utf-8"))
        rate = NEWEST_COUNTS.get(path.stem)
        found[path.stem] = (
            schema if rate is None else MessageType(schema, delivery="latest", rate=rate)
        )
    return found
