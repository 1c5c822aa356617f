# SPDX-License-Identifier: MIT
"""What a node may find at a start: the plugin that brings its contexts, or something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Context, compile_context
from goop_realtime.model.jsonio import encode
from goop_realtime.types import (
    ContextType,
    Message,
    OpenRequest,
    Refusal,
    Session,
    Snapshot,
)

UNLUCKY = 7

Plugins = dict[str, list[Context]]
"""What a node has of contexts, by how its plugin is at its start."""
_compiled: dict[tuple[int, ...], tuple[Sequence[ContextType], Plugins]] = {}
"""By the identity of the contexts, which are kept: schemas take longer to compile than a life."""


def plugins(contexts: Sequence[ContextType]) -> Plugins:
    """The plugin that brings these contexts, as it should be and as it should not."""
    key = tuple(map(id, contexts))
    if key not in _compiled:
        kinds: dict[str, list[ContextType]] = {
            "works": [*contexts],
            "missing": [],
            "broken": [broken(kind) for kind in contexts],
            "newer": [newer(kind) for kind in contexts],
            "later": [later(kind) for kind in contexts],
            "reshaped": [reshaped(kind) for kind in contexts],
        }
        found = {name: [compile_context("sim", kind) for kind in kinds[name]] for name in kinds}
        _compiled[key] = ([*contexts], found)
    return _compiled[key][1]


class Broken:
    """A Session with a bug: it fails, half way through, on whatever has a 7 in it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def check(self, message: Message) -> Refusal | None:
        """As the plugin does."""
        return self._session.check(message)

    def apply(self, message: Message) -> None:
        """Apply it, and fail on some."""
        self._session.apply(message)
        if str(UNLUCKY).encode() in encode(message.data):
            raise ZeroDivisionError("planted")

    def snapshot(self) -> JsonValue:
        """As the plugin does."""
        return self._session.snapshot()


def broken(context: ContextType) -> ContextType:
    """The context of a plugin with a bug."""

    def opened(request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
        found = context.open_session(request, snapshot)
        return found if isinstance(found, Refusal) else Broken(found)

    return replace(context, open_session=opened)


def newer(context: ContextType) -> ContextType:
    """The context of the next major version, which goes with no other."""
    major = int(context.version.partition(".")[0])
    return replace(later(context), version=f"{major + 1}.0")


class Reshaped(Broken):
    """A Session with another form of state."""

    def apply(self, message: Message) -> None:
        """As the plugin does."""
        self._session.apply(message)

    def snapshot(self) -> JsonValue:
        """The state in its new form."""
        return {"state": self._session.snapshot()}


def reshaped(context: ContextType) -> ContextType:
    """The context of the minor version after the next, whose state has another form."""

    def opened(request: OpenRequest, snapshot: Snapshot | None) -> Session | Refusal:
        if snapshot is not None:
            state: Any = snapshot.state
            snapshot = replace(snapshot, state=state["state"])
        found = context.open_session(request, snapshot)
        return found if isinstance(found, Refusal) else Reshaped(found)

    def upgrade(state: JsonValue, since: str) -> JsonValue:
        return {"state": in_first_form(state)}

    newest = later(later(context))
    return replace(newest, open_session=opened, upgrade=upgrade)


def in_first_form(state: Any) -> Any:
    """A state as the first version has it, whichever has given it."""
    return state["state"] if isinstance(state, dict) else state


def later(context: ContextType) -> ContextType:
    """The context of the next minor version, which knows one more message."""
    major, _, minor = context.version.partition(".")
    messages = {**context.messages, "of_tomorrow": {"type": "object"}}
    return replace(context, version=f"{major}.{int(minor or 0) + 1}", messages=messages)
