# SPDX-License-Identifier: MIT
"""The recorded calls, and a call that is spoken message by message on both its nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goop_realtime.contexts.registry import compile_context
from goop_realtime.types import Message, OpenRequest, Refusal
from goop_video_call.plugin import VideoCallPlugin
from goop_video_call.session import CallSession

CONTEXT = compile_context(
    "video_call",
    next(iter(VideoCallPlugin().realtime_contexts(None))),  # type: ignore[arg-type]
)
REQUEST = OpenRequest(channel="rt-1", context="video_call", opener="a", peers=("a", "b"))

CALLS: dict[str, list[tuple[int, Any]]] = {
    f"{file.stem}: {name}": call
    for file in sorted(Path(__file__).parent.glob("*.json"))
    for name, call in json.loads(file.read_text(encoding="utf-8")).items()
}
"""What each call's two sides said, in order: ``(0 for the caller or 1, message)``."""


class Line:
    """A call with the sessions of both nodes, which must agree."""

    def __init__(self) -> None:
        self.sessions = (CallSession(REQUEST, None), CallSession(REQUEST, None))
        self.count = 0

    @property
    def phase(self) -> str:
        """How far the call is."""
        return self.sessions[0].phase

    def refusal(self, who: int, data: Any) -> Refusal | None:
        """Say it, as a node would take it; what it is refused with, by schema or session."""
        self.count += 1
        message = Message(sender="ab"[who], data=data, id=f"p-{self.count}", sent_at_ms=0)
        before = self.sessions[0].snapshot()
        ordered = data["type"] != "media_state"
        found = CONTEXT.check_message(data, "ordered" if ordered else "latest")
        if found is not None:
            return found
        if ordered:
            found, other = (session.check(message) for session in self.sessions)
        else:
            found, other = (session.check_latest(message, None) for session in self.sessions)
        assert found == other
        assert self.sessions[0].snapshot() == before
        if ordered and found is None:
            for session in self.sessions:
                session.apply(message)
        # A node that is started anew goes on from what it has stored.
        stored = json.loads(json.dumps(self.sessions[0].snapshot()))
        self.sessions = (CallSession(REQUEST, stored), self.sessions[1])
        assert self.sessions[1].snapshot() == stored
        return found

    def say(self, who: int, kind: str, **fields: Any) -> str:
        """As ``refusal``; its code, or nothing."""
        found = self.refusal(who, {"type": kind, **fields})
        return found.code if found else ""


def descriptions(kind: str) -> list[str]:
    """The SDP of every recorded ``sdp_offer`` or ``sdp_answer``."""
    found = [
        message["sdp"]
        for call in CALLS.values()
        for _, message in call
        if "sdp" in message and message["type"] == kind
    ]
    return [sdp if isinstance(sdp, str) else sdp["sdp"] for sdp in found]


def candidates() -> list[str]:
    """Every recorded candidate line."""
    found = [message.get("candidate") for call in CALLS.values() for _, message in call]
    lines = [one.get("candidate") if isinstance(one, dict) else one for one in found]
    return [line for line in lines if line]
