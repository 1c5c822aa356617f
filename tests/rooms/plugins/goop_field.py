# SPDX-License-Identifier: MIT
"""A context for tests and benchmarks alone: a field on which things are said, and things are."""

from __future__ import annotations

from collections.abc import Iterable

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, NodeApi
from goop_realtime import ContextType, Limits, MessageType

SAID: JsonSchema = {
    "type": "object",
    "properties": {"type": {"const": "said"}, "n": {"type": "integer"}, "t": {"type": "number"}},
    "required": ["type"],
}
NUMBER: JsonSchema = {"type": "number", "minimum": -1_000_000, "maximum": 1_000_000}
POSITION: JsonSchema = {
    "type": "object",
    "properties": {"type": {"const": "position"}, "x": NUMBER, "y": NUMBER},
    "required": ["type", "x", "y"],
    "additionalProperties": False,
}
AT: JsonSchema = {
    "type": "object",
    "properties": {
        "type": {"const": "at"},
        "x": {"type": "number"},
        "y": {"type": "number"},
        "t": {"type": "number"},
    },
    "required": ["type", "t"],
}


class FieldPlugin:
    """``said`` and ``position`` are ordered, of ``at`` the newest counts. ``t`` is the time of
    whoever measures."""

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """The context."""
        return [
            ContextType(
                name="field",
                version="1.0",
                title="Field",
                messages={
                    "said": SAID,
                    "position": POSITION,
                    "at": MessageType(AT, delivery="latest", rate=200),
                },
                max_peers=64,
                limits=Limits(rate=1000, burst=2000),
            )
        ]
