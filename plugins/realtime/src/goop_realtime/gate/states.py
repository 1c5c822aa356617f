# SPDX-License-Identifier: MIT
"""The state of a Session as text, and where two of them part."""

from __future__ import annotations

import json
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure


def state_of(session: ChannelSession) -> str | None:
    """The state as text, the same for the same state; ``None`` where it cannot be had."""
    state = session.snapshot()
    return None if isinstance(state, PluginFailure) else written(state)


def written(value: JsonValue) -> str:
    """JSON with its members in order."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def difference(one: str, other: str) -> str:
    """Where two states part, as a JSON Pointer with both values."""
    return _difference(json.loads(one), json.loads(other), "")


def _difference(one: Any, other: Any, pointer: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name) or (name in one) != (name in other):
                return _difference(one.get(name), other.get(name), f"{pointer}/{name}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return _difference(left, right, f"{pointer}/{number}")
    return f"{pointer or 'the state'} is {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
