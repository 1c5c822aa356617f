# SPDX-License-Identifier: MIT
"""Invitations received: judged by this node, answered by a person, or withdrawn by the opener."""

from __future__ import annotations

import re

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.registry import Context
from goop_realtime.machine import glare, incoming, joining, missed, pages, suspension, versions
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import finish
from goop_realtime.machine.invitations import INITIAL_STATE_BYTES, begin, too_many
from goop_realtime.machine.rights import is_person, owner_of
from goop_realtime.model.bounding import bounded
from goop_realtime.model.jsonio import encode
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.model.wire import MAX_TIMEOUT_MS, Invite, Line
from goop_realtime.types import OpenRequest, Refusal

_CHANNEL_ID = re.compile(r"rt-[0-9a-f]{16}")
_WITHDRAWN = {"timeout": "expired", "replaced": "replaced"}
"""How a request ends that its opener took back with that code; with any other as ``cancelled``."""


def invited(core: Core, peer: str, line: Line) -> None:
    """An invitation came in. It is idempotent: it may be repeated."""
    channel_id = line.group
    known = core.channels.get(channel_id)
    if known is not None:
        _invited_again(core, known, peer, line)
        return
    if not _CHANNEL_ID.fullmatch(channel_id):
        core.note("peer", "malformed", detail=f"invitation with id {channel_id[:40]!r}")
        return
    if core.withdrawn.has(peer, channel_id):
        return
    asked = line.told(Invite)
    name = asked.context
    found = _admit(core, peer, channel_id, asked)
    if isinstance(found, Refusal):
        _decline(core, peer, channel_id, found)
        return
    found.expires_at = core.now + asked.timeout
    found.fresh = asked.new
    found.asked_at = core.now + core.correction
    living = glare.living(core, peer, name) if name and not found.fresh else None
    if living is not None and living.phase is Phase.OPEN:
        core.control(peer, Line(type="exists", group=channel_id, id=living.id))
        return
    core.channels[channel_id] = found
    if living is not None and living.phase is Phase.ASKING and not living.fresh:
        # Glare: crossing requests are consent by both. The smaller peer id's one survives.
        if core.me < peer:
            found.hidden = True
            core.save(found)
            incoming.confirm(core, found)
            return
        found.owner = living.owner
        living.replaced_by = channel_id
        core.note("node", "glare", living.id, detail=f"gives way to {channel_id}")
        _start_joining(core, found)
        return
    core.save(found)
    missed.superseded(core, found)
    incoming.tell(core, found)
    incoming.confirm(core, found)


def _admit(core: Core, peer: str, channel_id: str, wanted: Invite) -> Channel | Refusal:
    """Everything that speaks against an invitation before a person is asked."""
    busy = too_many(core, peer, Phase.ASKED)
    if busy is not None:
        return busy
    contexts = core.contexts_of(wanted.context)
    if not contexts:
        return Refusal(
            code="unknown_context_there",
            reason=f"the other node does not serve {wanted.context[:80]!r}",
        )
    context = next((one for one in contexts if one.goes_with(wanted)), None)
    if context is None:
        have = " and ".join(one.type.version for one in contexts)
        return Refusal(
            code=MISMATCH,
            reason=f"{core.label_of(core.me)} has {contexts[0].name} {have}, you have "
            f"{wanted.version[:40]}, and the two do not go together",
        )
    refusal = context.check_params(wanted.params)
    if refusal is not None:
        return refusal
    refusal = _check_state(context, wanted.initial_state)
    if refusal is not None:
        return refusal
    asked = OpenRequest(
        channel=channel_id,
        context=wanted.context,
        opener=peer,
        peers=(peer, core.me),
        params=wanted.params,
        initial_state=wanted.initial_state,
        app=wanted.app,
        version=versions.smaller(context, wanted),
    )
    return begin(core, context, asked)


def _check_state(context: Context, state: JsonValue) -> Refusal | None:
    """Judge the state that a channel is to start from; what nobody here reads is not kept."""
    if state is None:
        return None
    if context.type.initial_state is None:
        who = context.name or "a channel without a context"
        return Refusal(code="invalid_params", reason=f"{who} takes no state to start from")
    if len(encode(state)) > INITIAL_STATE_BYTES:
        return Refusal(code="too_large", reason="the state to start from is too large")
    return None


def _invited_again(core: Core, channel: Channel, peer: str, line: Line) -> None:
    asked, wanted = channel.request, line.told(Invite)
    same = peer in channel.members and not channel.hosted
    if same and not channel.final:
        # The peer may have lost its disk, and an id of its own with it.
        before = (asked.context, asked.params, asked.initial_state, asked.app)
        same = before == (wanted.context, wanted.params, wanted.initial_state, wanted.app)
    if not same:
        _decline(core, peer, channel.id, Refusal(code="id_in_use", reason="that id is taken"))
    elif channel.final:
        said = suspension.ended(channel)
        code = said.code if said.code != "closed" else "declined"
        _decline(core, peer, channel.id, Refusal(code=code, reason=said.reason))
    elif channel.phase is Phase.JOINING:
        joining.rejoin(core, channel)
    elif channel.phase is Phase.ASKED:
        incoming.confirm(core, channel)


def accept_for(core: Core, channel: Channel, caller: Caller, template: str) -> Refusal | None:
    """Somebody accepts, for himself or for who is to have it."""
    owner = _taker(core, channel, caller, template)
    return owner if isinstance(owner, Refusal) else accept(core, channel, owner)


def _taker(core: Core, channel: Channel, caller: Caller, template: str) -> str | Refusal | None:
    """Whose the channel will be when ``caller`` accepts it, handing it to ``template`` if any."""
    if not is_person(caller):
        return owner_of(caller)
    takers = core.rights.takers(channel)
    if template:
        if template in takers:
            return template
        return Refusal(
            code="no_such_taker",
            reason=f"the template {template[:64]!r} is not here, or may not use that context",
            pointer="/template",
        )
    wanted = channel.context.type.template or channel.request.app
    return wanted if wanted in takers else owner_of(caller)


def accept(core: Core, channel: Channel, owner: str | None) -> Refusal | None:
    """A person accepts. Accepting twice is the same answer twice."""
    if channel.phase in (Phase.JOINING, Phase.OPEN) and not channel.hosted:
        if owner is None or channel.owner == owner:
            return None
        return Refusal(code="answered_elsewhere", reason="another page has answered")
    heir = core.channels.get(channel.replaced_by) if channel.final else None
    if heir is not None and not heir.final:
        return None  # they have accepted ours meanwhile: it is that one now
    if channel.phase is not Phase.ASKED:
        if channel.hosted:
            return Refusal(code="not_incoming", reason="that request is our own")
        return Refusal(code=channel.close_code or "expired", reason="the request has ended")
    channel.owner = owner
    glare.give_way(core, channel)
    _start_joining(core, channel)
    return None


def _start_joining(core: Core, channel: Channel) -> None:
    channel.hidden = False
    channel.phase = Phase.JOINING
    core.save(channel)
    incoming.tell_ended(core, channel, "accepted")
    pages.tell_state(core, channel)
    joining.rejoin(core, channel)


def decline(core: Core, channel: Channel, reason: str) -> Refusal | None:
    """A person declines. Declining after accepting is a conflict."""
    if channel.phase is Phase.CLOSED and channel.close_code == "declined":
        return None
    if channel.phase is not Phase.ASKED:
        return Refusal(code="conflict", reason="the request has been answered already")
    finish(core, channel, "declined", reason)
    _decline(core, channel.host, channel.id, Refusal(code="declined", reason=reason))
    return None


def _decline(core: Core, peer: str, channel_id: str, refusal: Refusal) -> None:
    core.note("node", refusal.code, channel_id, detail=refusal.reason)
    said = bounded(refusal)
    line = Line(type="decline", group=channel_id, code=said.code, reason=said.reason)
    core.control(peer, line)


def cancelled(core: Core, peer: str, line: Line) -> None:
    """The opener withdrew its invitation; it may even come before it."""
    channel = core.channels.get(line.group)
    if channel is None:
        core.withdrawn.add(peer, line.group, core.now + MAX_TIMEOUT_MS)
        return
    if peer in channel.members and channel.phase in (Phase.ASKED, Phase.JOINING):
        finish(core, channel, _WITHDRAWN.get(line.code, "cancelled"))


def take_back(core: Core, channel: Channel) -> None:
    """The person thinks better of having accepted, before the opener has answered."""
    finish(core, channel, "cancelled")
    core.control(channel.host, Line(type="close", group=channel.id, code="cancelled"))


def dismiss(core: Core, channel: Channel) -> Refusal | None:
    """A person has seen that the request was missed. Dismissing twice is the same."""
    if not channel.final:
        return Refusal(code="conflict", reason="that request was not missed")
    missed.forget(core, channel)
    return None


def keep(core: Core, channel: Channel) -> None:
    """Let an invitation expire that nobody answered in time."""
    if channel.phase is Phase.ASKED and core.now >= channel.expires_at:
        finish(core, channel, "expired")
