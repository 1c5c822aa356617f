# SPDX-License-Identifier: MIT
"""The context ``arcade``: positions and shots of players in a small game."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, NodeApi
from goop_realtime import ContextType, Limits

_SCHEMAS = Path(__file__).parent / "schemas"


class ArcadeRoomsPlugin:
    """One instance per node."""

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """There is nothing to set."""
        return {"type": "object", "additionalProperties": False}

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``arcade`` and ``arcade_<id>``: any page may serve them."""
        return [
            ContextType(
                name="arcade",
                version="1.0",
                title="Arcade game",
                messages={
                    path.stem: json.loads(path.read_text(encoding="utf-8"))
                    for path in sorted(_SCHEMAS.glob("*.json"))
                },
                max_peers=8,
                # Two frames per tick of a 60 Hz loop, with room for a hiccup.
                limits=Limits(message_bytes=1024, rate=600, burst=1200, suspended_ms=300_000),
            )
        ]
