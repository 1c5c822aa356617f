# SPDX-License-Identifier: MIT
"""Invitations sent: a page asks, the invitation is repeated until it is answered, or ends."""

from __future__ import annotations

from dataclasses import replace

from goop_node.config.values import is_template_name
from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.contexts.plugin_code import initial_state_of
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import glare, incoming, invitations_received, missed, pages, versions
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import finish
from goop_realtime.machine.invitations import INITIAL_STATE_BYTES, begin, too_many
from goop_realtime.machine.rights import Right, owner_of
from goop_realtime.model.jsonio import encode
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.model.wire import MAX_TIMEOUT_MS, Line, raw
from goop_realtime.types import BLOCKED, OpenRequest, Refusal

REPEAT_MS = 5_000
ALREADY_OPEN = Refusal(
    code="already_open", reason="with that peer and context one is open, or asked for, already"
)


def new_id(core: Core) -> str:
    """A fresh channel id: ``rt-`` and 16 hex digits, of no channel that is known here."""
    while True:
        channel_id = f"rt-{core.random.getrandbits(64):016x}"
        if channel_id not in core.channels:
            return channel_id


def request(
    core: Core,
    peer: str,
    context_name: str,
    params: JsonValue,
    timeout: int,
    *,
    new: bool,
    unopened: bool,
    caller: Caller,
    app: str,
) -> Channel | Refusal:
    """Somebody asks for a channel with ``peer``; the invitation leaves in the same step.

    ``unopened``: only where it would not be one that lives, or is asked for, already.
    """
    context = core.context_of(context_name)
    if context is None:
        return _unknown(core, context_name, caller)
    if not core.rights.uses(caller, context.type.name):
        return core.rights.needed(caller, context.type.name)
    if app and (context_name or not is_template_name(app)):
        return Refusal(
            code="invalid_app",
            reason="app is a template's name, and stands for a request without a context",
            pointer="/app",
        )
    if peer == core.me:
        return Refusal(code="refused", reason="that peer is this node itself")
    if core.is_blocked(peer):
        return BLOCKED
    if context_name and not new:
        known = glare.living(core, peer, context_name)
        if known is not None:
            found = _again(core, known, caller)
            return ALREADY_OPEN if unopened and found is known else found
        for asked in core.with_peer(peer):
            if asked.request.context == context_name and asked.phase is Phase.ASKED:
                return invitations_received.accept(core, asked, owner_of(caller)) or asked
    if not core.is_discovered(peer):
        return Refusal(
            code="undiscovered", reason="that peer has not been seen; is it online and connected?"
        )
    busy = too_many(core, peer, Phase.ASKING)
    if busy is not None:
        return busy
    refusal = context.check_params(params)
    if refusal is not None:
        return refusal
    channel = _create(core, context, context_name, peer, params, app, new_id(core))
    if isinstance(channel, Refusal):
        return channel
    channel.owner = owner_of(caller)
    channel.fresh = new
    channel.expires_at = core.now + max(1, min(timeout, MAX_TIMEOUT_MS))
    core.channels[channel.id] = channel
    core.save(channel)
    missed.superseded(core, channel)
    _invite(core, channel)
    pages.tell_state(core, channel)
    return channel


def _unknown(core: Core, name: str, caller: Caller) -> Refusal:
    names = (context.type.name for context in core.registry.all())
    known = ", ".join(one for one in names if core.rights.uses(caller, one)) or "none"
    return Refusal(
        code="unknown_context",
        reason=f"no enabled plugin serves the context {name[:80]!r}; you may use: {known}",
    )


def _again(core: Core, channel: Channel, caller: Caller) -> Channel | Refusal:
    """``connect`` with the peer and context of a living channel returns that channel."""
    if not core.rights.allows(caller, Right.USE, channel):
        return Refusal(code="conflict", reason="another template has that channel open")
    return channel


def _create(
    core: Core,
    context: Context,
    name: str,
    peer: str,
    params: JsonValue,
    app: str,
    channel_id: str,
) -> Channel | Refusal:
    asked = OpenRequest(
        channel=channel_id,
        context=name,
        opener=core.me,
        peers=(core.me, peer),
        params=params,
        app=app,
        version=str(context.version) if context.hash else "",
    )
    initial_state = initial_state_of(context, asked, core.plugin_failed)
    if isinstance(initial_state, PluginFailure):
        return initial_state
    if len(encode(initial_state)) > INITIAL_STATE_BYTES:
        return Refusal(
            code="too_large", reason=f"the state to start from exceeds {INITIAL_STATE_BYTES} bytes"
        )
    asked = replace(asked, initial_state=initial_state)
    return begin(core, context, asked)


def _invite(core: Core, channel: Channel) -> None:
    """Send the invitation, with the time that remains; repeated while it is pending."""
    asked = channel.request
    channel.other.repeat_at = core.now + REPEAT_MS
    core.control(
        channel.other.peer,
        Line(
            type="invite",
            group=channel.id,
            payload=raw(
                {
                    "context": asked.context,
                    "version": "",
                    "hash": "",
                    **versions.told(channel.context),
                    "params": asked.params,
                    "base": asked.initial_state,
                    "timeout": channel.expires_at - core.now,
                    **({"new": True} if channel.fresh else {}),
                    **({"app": asked.app} if asked.app else {}),
                }
            ),
        ),
    )


def declined(core: Core, peer: str, line: Line) -> None:
    """The other side declined our invitation, or its node refused it."""
    channel = core.channels.get(line.group)
    if channel is None or peer not in channel.members or channel.phase is not Phase.ASKING:
        return
    if line.code == MISMATCH and _ask_as_before(core, channel):
        return
    _end_request(core, channel, line.code or "declined", line.reason)


def _ask_as_before(core: Core, channel: Channel) -> bool:
    """Ask by the next older major version that this node serves; whether it has one."""
    asked, mine = channel.request, channel.context.version.major
    for context in core.contexts_of(asked.context):
        if context.version.major >= mine or context.check_params(asked.params) is not None:
            continue
        peer, app = channel.other.peer, asked.app
        found = _create(core, context, asked.context, peer, asked.params, app, channel.id)
        if isinstance(found, Refusal):
            continue
        core.note("node", MISMATCH, channel.id, detail=f"asked anew as {context.type.version}")
        channel.context, channel.request = context, found.request
        channel.session = found.session
        core.save(channel)
        _invite(core, channel)
        return True
    return False


def received(core: Core, peer: str, line: Line) -> None:
    """The other node has our invitation; perhaps a page there shows it."""
    channel = core.channels.get(line.group)
    if channel is not None and peer in channel.members and channel.phase is Phase.ASKING:
        _reaches(core, channel, peer, line.stage)


def _reaches(core: Core, channel: Channel, peer: str, reach: str) -> None:
    member = channel.members[peer]
    if member.reach != reach:
        member.reach = reach
        pages.tell_state(core, channel)


def exists(core: Core, peer: str, line: Line) -> None:
    """The other node already has a living channel for what we asked: use that one."""
    channel = core.channels.get(line.group)
    if channel is None or peer not in channel.members or channel.phase is not Phase.ASKING:
        return
    other = core.channels.get(line.id)
    if other is None or peer not in other.members:
        core.control(peer, Line(type="gone", group=line.id))
    elif not glare.may_merge(channel, other):
        core.note("peer", "not_the_same", channel.id, detail=f"{line.id} is not for what was asked")
    elif other.living:
        glare.merge(core, channel, other)
    # Else that one is ending: once the other side has heard it, the repeated invite is taken.


def failed(core: Core, peer: str, channel_id: str, code: str, reason: str) -> None:
    """An invitation could not be sent. One that came through before is repeated, and may again."""
    channel = core.channels.get(channel_id)
    if channel is None or peer not in channel.members or channel.phase is not Phase.ASKING:
        return
    if channel.replaced_by:
        return
    if channel.members[peer].reach or channel.restored:
        _reaches(core, channel, peer, "away")
    else:
        _end_request(core, channel, code, reason)


def withdraw_by_person(core: Core, channel: Channel) -> None:
    """A person takes our own invitation back, and with it what that led to by itself."""
    heir = core.channels.get(channel.replaced_by)
    if heir is not None and heir.phase is Phase.JOINING and glare.may_merge(channel, heir):
        # It is joined because we ask for the same: now we do not.
        invitations_received.take_back(core, heir)
    withdraw(core, channel, "cancelled")


def withdraw(core: Core, channel: Channel, code: str) -> None:
    """Take our own invitation back."""
    core.control(channel.other.peer, Line(type="cancel", group=channel.id, code=code))
    _end_request(core, channel, code, "")


def _end_request(core: Core, channel: Channel, code: str, reason: str) -> None:
    finish(core, channel, code, reason)
    for other in core.with_peer(channel.other.peer):
        # A crossing request that was hidden behind this one comes up now.
        if other.hidden and other.request.context == channel.request.context:
            other.hidden = False
            incoming.tell(core, other)


def keep(core: Core, channel: Channel) -> None:
    """Look after an invitation of ours as time goes by."""
    if channel.phase is not Phase.ASKING:
        return
    if channel.replaced_by:
        survivor = core.channels.get(channel.replaced_by)
        if survivor is None or survivor.final:
            channel.replaced_by = ""
            core.save(channel)
    elif core.now >= channel.expires_at:
        withdraw(core, channel, "timeout")
    elif core.now >= channel.other.repeat_at:
        _invite(core, channel)
