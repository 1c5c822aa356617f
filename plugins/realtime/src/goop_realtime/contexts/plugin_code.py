# SPDX-License-Identifier: MIT
"""The functions that contexts bring, each call of which ends in a value.

A function that raises, or gives what it was not asked for, becomes a ``PluginFailure`` here and
nowhere else. What a plugin is handed is its own copy: it may change it and nothing else changes.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from goop_node.escaping import quoted
from goop_node.plugins.contained import Failed, asked
from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import (
    ChannelSession,
    Failing,
    FreeSession,
    PluginFailure,
)
from goop_realtime.contexts.registry import Context
from goop_realtime.contexts.slow_calls import UNTIMED, SlowCalls
from goop_realtime.types import (
    LINE_LENGTH,
    NoRules,
    OpenRequest,
    Refusal,
    Session,
    Snapshot,
)


def open_session(
    context: Context,
    asked_for: OpenRequest,
    snapshot: Snapshot | None,
    failing: Failing,
    slow: SlowCalls = UNTIMED,
) -> ChannelSession | Refusal:
    """Build the Session of a channel: from its log's beginning, or from ``snapshot``."""
    request = copy_of(asked_for)
    if snapshot is not None:
        snapshot = replace(snapshot, state=deepcopy(snapshot.state))
    found = asked(
        lambda: context.type.open_session(request, snapshot), Session | Refusal, "the answer"
    )
    if isinstance(found, Failed):
        code = context.type.open_session
        return failing(context, "open_session()", found.error, code, request.channel)
    if isinstance(found, Refusal):
        return found
    kind = FreeSession if type(found) is NoRules else ChannelSession
    return kind(context, found, request, failing, slow)


def initial_state_of(
    context: Context, asked_for: OpenRequest, failing: Failing
) -> JsonValue | PluginFailure:
    """The state that a new channel starts from; ``None`` where the context has none."""
    give = context.type.initial_state
    if give is None:
        return None
    found = asked(lambda: give(copy_of(asked_for)), JsonValue, "the state to start from")
    if isinstance(found, Failed):
        return failing(context, "initial_state()", found.error, give, asked_for.channel)
    state: JsonValue = found
    return state


def upgraded(
    context: Context, channel: str, state: JsonValue, since: str, failing: Failing
) -> JsonValue | PluginFailure:
    """A state that the version ``since`` of the context has left, in the form of this one."""
    upgrade = context.type.upgrade
    if upgrade is None:
        return state
    found = asked(lambda: upgrade(deepcopy(state), since), JsonValue, "the state")
    if isinstance(found, Failed):
        return failing(context, "upgrade()", found.error, upgrade, channel)
    state = found
    return state


def terms_of(context: Context, request: OpenRequest, failing: Failing) -> str:
    """What a request proposes, in words; ``""`` where the context does not say."""
    terms = context.type.terms
    if terms is None:
        return ""
    found = asked(lambda: terms(copy_of(request)), str, "the terms")
    if isinstance(found, Failed):
        failing(context, "terms()", found.error, terms, request.channel)
        return ""
    return quoted(found, LINE_LENGTH)


def stamped(
    context: Context, request: OpenRequest, data: JsonValue, failing: Failing
) -> JsonValue | PluginFailure:
    """A page's message as the context's node sends it on."""
    stamp = context.type.stamp
    if stamp is None:
        return data
    found = asked(lambda: stamp(copy_of(request), deepcopy(data)), JsonValue, "the message")
    if isinstance(found, Failed):
        return failing(context, "stamp()", found.error, stamp, request.channel)
    message: JsonValue = found
    return message


def tell_opened(context: Context, request: OpenRequest, failing: Failing) -> None:
    """Tell the context that both sides have agreed."""
    on_open = context.type.on_open
    if on_open is not None:
        found = asked(lambda: on_open(request), Any, "the answer")
        if isinstance(found, Failed):
            failing(context, "on_open()", found.error, on_open, request.channel)


def copy_of(request: OpenRequest) -> OpenRequest:
    """A copy for a plugin, which may keep and change the values in it."""
    return replace(
        request,
        params=deepcopy(request.params),
        initial_state=deepcopy(request.initial_state),
    )
