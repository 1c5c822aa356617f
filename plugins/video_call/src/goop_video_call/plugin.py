# SPDX-License-Identifier: MIT
"""The context ``video_call``: WebRTC signalling between two pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, NodeApi
from goop_realtime import ContextType, Limits

_SCHEMAS = Path(__file__).parent / "schemas"


class VideoCallPlugin:
    """One instance per node."""

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """There is nothing to set."""
        return {"type": "object", "additionalProperties": False}

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``video_call`` and ``video_call_<id>``: any page may serve them."""
        return [
            ContextType(
                name="video_call",
                version="1.1",
                title="Video call",
                messages={
                    path.stem: json.loads(path.read_text(encoding="utf-8"))
                    for path in sorted(_SCHEMAS.glob("*.json"))
                },
                limits=Limits(suspended_ms=300_000),
            )
        ]
