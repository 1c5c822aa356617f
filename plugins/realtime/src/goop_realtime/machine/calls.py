# SPDX-License-Identifier: MIT
"""What callers want done with a channel: found for them where they may, contained, and noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from goop_node.types import Caller, JsonValue
from goop_realtime.machine import (
    incoming,
    invitations_received,
    invitations_sent,
    sending,
    signals,
)
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.containment import REFUSAL, Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.lookup import find, find_request
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import Right
from goop_realtime.types import Refusal

R = TypeVar("R", Refusal, Refusal | None)


def request(
    core: Core,
    peer: str,
    context: str,
    params: JsonValue,
    timeout: int,
    *,
    new: bool,
    unopened: bool,
    caller: Caller,
    app: str,
) -> Channel | Refusal:
    """Somebody asks for a channel with ``peer``."""
    if caller.kind == "template" and not context:
        app = caller.name
    found: Channel | Refusal = REFUSAL
    with Contained(core, ""):
        found = invitations_sent.request(
            core,
            peer,
            context,
            params,
            timeout,
            new=new,
            unopened=unopened,
            caller=caller,
            app=app,
        )
    if isinstance(found, Refusal):
        _noted(core, found, "")
    return found


def accept(core: Core, channel_id: str, caller: Caller, template: str) -> Channel | Refusal:
    """Somebody accepts a request."""
    found = find_request(core, channel_id, caller)
    refusal = _do(
        core,
        found,
        channel_id,
        lambda one: invitations_received.accept_for(core, one, caller, template),
    )
    return refusal or found


def decline(core: Core, channel_id: str, caller: Caller, reason: str) -> Refusal | None:
    """Somebody declines a request."""
    found = find_request(core, channel_id, caller)
    return _do(core, found, channel_id, lambda one: invitations_received.decline(core, one, reason))


def dismiss(core: Core, channel_id: str, caller: Caller) -> Refusal | None:
    """Somebody has seen that a request was missed."""
    found = find_request(core, channel_id, caller)
    return _do(core, found, channel_id, lambda one: invitations_received.dismiss(core, one))


def shown(core: Core, channel_id: str, page: Page) -> Refusal | None:
    """A page shows a request to its person."""
    found = find_request(core, channel_id, page.caller)
    return _do(core, found, channel_id, lambda one: incoming.shown(core, page, one))


def send(
    core: Core, channel_id: str, page: Page, message_id: str | None, data: JsonValue
) -> Refusal | str:
    """A page sends. The message's id when it is accepted, else why not."""
    channel = find(core, channel_id, page.caller, Right.USE)
    if isinstance(channel, Refusal):
        core.note("page", channel.code, channel_id, message_id or "", channel.reason)
        return channel
    try:
        return sending.send(core, channel, page, message_id, data)
    except Exception as error:  # as ``Contained`` has it, which costs each message a good part more
        core.failed(channel.id, error)
        return REFUSAL


def signal(core: Core, channel_id: str, page: Page, data: JsonValue) -> Refusal | None:
    """A page signals: newest wins, never queued, never logged."""
    found = find(core, channel_id, page.caller, Right.USE)
    return _do(core, found, channel_id, lambda one: signals.send(core, one, data))


def close(core: Core, channel_id: str, caller: Caller) -> Refusal | None:
    """Somebody closes the channel, or withdraws its request."""
    found = find(core, channel_id, caller, Right.END)
    return _do(core, found, channel_id, lambda one: sending.close(core, one))


def _do(
    core: Core,
    found: Channel | Refusal,
    channel_id: str,
    work: Callable[[Channel], Refusal | None],
) -> Refusal | None:
    if isinstance(found, Refusal):
        return _noted(core, found, channel_id)
    refusal: Refusal | None = REFUSAL
    with Contained(core, channel_id):
        refusal = work(found)
    return _noted(core, refusal, channel_id)


def _noted(core: Core, refusal: R, channel_id: str) -> R:
    """Note what somebody was refused, if he was."""
    if refusal is not None:
        core.note("page", refusal.code, channel_id, detail=refusal.reason)
    return refusal
