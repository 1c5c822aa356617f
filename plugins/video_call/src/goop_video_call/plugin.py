# SPDX-License-Identifier: MIT
"""The context ``video_call``: WebRTC signalling between two pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, NodeApi, Route, SdkModule, Template
from goop_realtime import (
    ContextType,
    Limits,
    MessageType,
    OpenRequest,
    Refusal,
    Session,
    Snapshot,
    Summary,
)
from goop_video_call.ice import CONFIG_SCHEMA, read_settings
from goop_video_call.routes import routes
from goop_video_call.scripts import modules
from goop_video_call.session import CallSession

_HERE = Path(__file__).parent
_SCHEMAS = _HERE / "schemas"
_SUMMARIES = {
    "open": "Call",
    "requested": "Call, not accepted yet",
    "ended": "The call has ended",
}


def schema(name: str) -> JsonSchema:
    """The JSON Schema of a message, or of the ``params``."""
    found: JsonSchema = json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def messages() -> Mapping[str, MessageType | JsonSchema]:
    """The JSON Schema of each message, by its ``type``; of ``media_state`` the newest counts."""
    names = sorted(path.stem for path in _SCHEMAS.glob("*.json"))
    found: dict[str, MessageType | JsonSchema] = {
        name: schema(name) for name in names if name != "params"
    }
    found["media_state"] = MessageType(schema("media_state"), delivery="latest")
    return found


class VideoCallPlugin:
    """One instance per node."""

    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        """The servers that help browsers find each other."""
        return CONFIG_SCHEMA

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The endpoint below ``/api/video_call``."""
        return [routes(node, read_settings(node.config_for("video_call"), node.data))]

    @hookimpl
    def goop_templates(self) -> Iterable[Template]:
        """The page. Host names have no underscore, so it is called otherwise than the plugin."""
        return [
            Template(
                name="video-call",
                title="Video calls",
                description="See and hear somebody who is online",
                folder=_HERE / "template",
                permissions=frozenset({"camera", "microphone"}),
            )
        ]

    @hookimpl
    def goop_sdk_modules(self) -> Iterable[SdkModule]:
        """``Goop.call``, with its types."""
        return modules()

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """``video_call`` and ``video_call_<id>``: any page may serve them."""
        return [
            ContextType(
                name="video_call",
                version="1.3",
                title="Video call",
                template="video-call",
                messages=messages(),
                params=schema("params"),
                open_session=open_session,
                summary=summary,
                terms=terms,
                single_request=True,
                limits=Limits(suspended_ms=300_000),
            )
        ]


def open_session(request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
    """The call of a channel."""
    return CallSession(request, None if snapshot is None else snapshot.state)


def summary(session: CallSession, peer: str) -> Summary:
    """How a call stands, the same for both."""
    phase = session.phase
    return Summary(text=_SUMMARIES.get(phase, "In a call"), ended=phase == "ended")


def terms(request: OpenRequest) -> str:
    """What the caller would like: ``With sound and picture.``"""
    params: Any = request.params
    if params is None:
        return ""
    media = params["media"]
    said = [word for kind, word in (("audio", "sound"), ("video", "picture")) if media[kind]]
    return f"With {' and '.join(said)}." if said else "Without sound and picture: to see and hear."
