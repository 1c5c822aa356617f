# SPDX-License-Identifier: MIT
"""Opening channels: invitations, consent, timeouts and glare.

No frame of a channel flows before both sides agreed. The opener is the host and arbitrates: a
join before its expiry wins. Of two crossing requests with the same context that of the smaller
peer id survives.
"""

from __future__ import annotations

import re
from typing import Any

from goop_node.types import JsonValue
from goop_realtime import glare, links, pages
from goop_realtime.channel import Channel, Phase
from goop_realtime.contexts import MAX_CONTEXT, Context
from goop_realtime.core import Core
from goop_realtime.ending import finish
from goop_realtime.jsonio import encode
from goop_realtime.types import OpenRequest, Rejection
from goop_realtime.wire import Line, raw

DEFAULT_TIMEOUT_MS = 60_000
MAX_TIMEOUT_MS = 24 * 3600 * 1000
REPEAT_MS = 5_000
BASE_BYTES = 32 * 1024
_CHANNEL_ID = re.compile(r"rt-[0-9a-f]{16}")


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
    owner: str | None,
) -> Channel | Rejection:
    """A page asks for a channel with ``peer``; the invitation leaves in the same step."""
    context = core.context_of(context_name) if len(context_name) <= MAX_CONTEXT else None
    if context is None:
        return _unknown(core, context_name)
    if peer == core.me:
        return Rejection(code="refused", reason="that peer is this node itself")
    if context_name and not new:
        known = core.living(peer, context_name)
        if known is not None:
            return _again(core, known, owner)
        for asked in core.with_peer(peer):
            if asked.request.context == context_name and asked.phase is Phase.ASKED:
                return accept(core, asked, owner) or asked
    if not core.is_discovered(peer):
        return Rejection(
            code="undiscovered", reason="that peer has not been seen; is it online and connected?"
        )
    busy = _too_many(core, peer, Phase.ASKING)
    if busy is not None:
        return busy
    refusal = context.check_params(params)
    if refusal is not None:
        return refusal
    created = _create(core, context, context_name, peer, params, owner)
    if isinstance(created, Rejection):
        return created
    channel = created
    channel.fresh = new
    channel.expires_at = core.now + max(1, min(timeout, MAX_TIMEOUT_MS))
    core.channels[channel.id] = channel
    core.save(channel)
    _invite(core, channel)
    return channel


def _unknown(core: Core, name: str) -> Rejection:
    known = ", ".join(context.type.name for context in core.registry.all()) or "none"
    return Rejection(
        code="unknown_context",
        reason=f"no enabled plugin serves the context {name[:80]!r}; this node has: {known}",
    )


def _again(core: Core, channel: Channel, owner: str | None) -> Channel | Rejection:
    """``connect`` with the peer and context of a living channel returns that channel."""
    if owner is not None and channel.owner is not None and channel.owner != owner:
        return Rejection(code="conflict", reason="another template has that channel open")
    return channel


def _too_many(core: Core, peer: str, phase: Phase) -> Rejection | None:
    mine = core.with_peer(peer)
    limits = core.limits
    if sum(channel.phase is phase for channel in mine) >= limits.requests_per_peer:
        return Rejection(code="busy", reason="too many open requests with that peer")
    living = sum(not channel.final for channel in mine)
    if living >= limits.channels_per_peer or len(core.channels) >= limits.channels * 4:
        return Rejection(code="busy", reason="too many channels")
    return None


def _create(
    core: Core, context: Context, name: str, peer: str, params: JsonValue, owner: str | None
) -> Channel | Rejection:
    asked = OpenRequest(
        channel=new_id(core), context=name, opener=core.me, peers=(core.me, peer), params=params
    )
    if context.type.base is not None:
        try:
            base = context.type.base(asked)
        except Exception as error:
            return Rejection(
                code="plugin_error", reason=f"{context.plugin} failed: {error!r}"[:300]
            )
        if len(encode(base)) > BASE_BYTES:
            return Rejection(
                code="too_large", reason=f"the state to start from exceeds {BASE_BYTES} bytes"
            )
        asked = OpenRequest(
            channel=asked.channel,
            context=name,
            opener=core.me,
            peers=asked.peers,
            params=params,
            base=base,
        )
    refusal = core.authorize(asked)
    if refusal is not None:
        return refusal
    session = core.open_session(context, asked, None)
    if isinstance(session, Rejection):
        return session
    return Channel(
        request=asked,
        context=context,
        session=session,
        peer=peer,
        peer_label=core.label_of(peer),
        hosted=True,
        owner=owner,
        phase=Phase.ASKING,
        expires_at=core.now,
        epoch=core.epoch,
    )


def _invite(core: Core, channel: Channel) -> None:
    """Send the invitation, with the time that remains; repeated while it is pending."""
    asked = channel.request
    channel.repeat_at = core.now + REPEAT_MS
    core.control(
        channel.peer,
        Line(
            type="invite",
            group=channel.id,
            payload=raw(
                {
                    "context": asked.context,
                    "version": channel.context.type.version,
                    "hash": channel.context.hash,
                    "params": asked.params,
                    "base": asked.base,
                    "timeout": channel.expires_at - core.now,
                    **({"new": True} if channel.fresh else {}),
                }
            ),
        ),
    )


def invited(core: Core, peer: str, line: Line) -> None:
    """An invitation came in. It is idempotent: it may be repeated."""
    channel_id = line.group
    known = core.channels.get(channel_id)
    if known is not None:
        _invited_again(core, known, peer)
        return
    if not _CHANNEL_ID.fullmatch(channel_id):
        core.note("peer", "malformed", detail=f"invitation with id {channel_id[:40]!r}")
        return
    if channel_id in core.cancelled:
        return
    fields = line.fields()
    name = fields.get("context", "")
    timeout = fields.get("timeout")
    if not isinstance(name, str) or type(timeout) is not int or timeout <= 0:
        core.note("peer", "malformed", channel_id, detail="invitation without context or timeout")
        return
    found = _admit(core, peer, channel_id, name, fields)
    if isinstance(found, Rejection):
        _decline(core, peer, channel_id, found)
        return
    found.expires_at = core.now + min(timeout, MAX_TIMEOUT_MS)
    found.fresh = fields.get("new") is True
    living = core.living(peer, name) if name and not found.fresh else None
    if living is not None and living.phase is Phase.OPEN:
        core.control(peer, Line(type="exists", group=channel_id, id=living.id))
        return
    core.channels[channel_id] = found
    if living is not None and living.phase is Phase.ASKING and not living.fresh:
        # Glare: crossing requests are consent by both. The smaller peer id's one survives.
        if core.me < peer:
            found.hidden = True
            core.save(found)
            return
        found.owner = living.owner
        living.replaced_by = channel_id
        core.note("node", "glare", living.id, detail=f"gives way to {channel_id}")
        _start_joining(core, found)
        return
    core.save(found)
    pages.tell_incoming(core, found)


def _admit(
    core: Core, peer: str, channel_id: str, name: str, fields: dict[str, Any]
) -> Channel | Rejection:
    """Everything that speaks against an invitation before a person is asked."""
    busy = _too_many(core, peer, Phase.ASKED)
    if busy is not None:
        return busy
    context = core.context_of(name) if len(name) <= MAX_CONTEXT else None
    if context is None:
        return Rejection(
            code="unknown_context_there", reason=f"the other node does not serve {name[:80]!r}"
        )
    theirs = fields.get("hash", "")
    if theirs != context.hash:
        kind = context.type
        return Rejection(
            code="contract_mismatch",
            reason=f"{core.label_of(core.me)} has {kind.name} {kind.version}, you have "
            f"{str(fields.get('version', ''))[:40]}, and the two do not agree on its messages",
        )
    params, base = fields.get("params"), fields.get("base")
    refusal = context.check_params(params)
    if refusal is not None:
        return refusal
    if base is not None and len(encode(base)) > BASE_BYTES:
        return Rejection(code="too_large", reason="the state to start from is too large")
    asked = OpenRequest(
        channel=channel_id,
        context=name,
        opener=peer,
        peers=(peer, core.me),
        params=params,
        base=base,
    )
    refusal = core.authorize(asked)
    if refusal is not None:
        return refusal
    session = core.open_session(context, asked, None)
    if isinstance(session, Rejection):
        return session
    return Channel(
        request=asked,
        context=context,
        session=session,
        peer=peer,
        peer_label=core.label_of(peer),
        hosted=False,
        owner=None,
        phase=Phase.ASKED,
        expires_at=core.now,
    )


def _invited_again(core: Core, channel: Channel, peer: str) -> None:
    if channel.peer != peer or channel.hosted:
        _decline(core, peer, channel.id, Rejection(code="id_in_use", reason="that id is taken"))
    elif channel.final:
        code = channel.close_code if channel.close_code != "closed" else "declined"
        _decline(core, peer, channel.id, Rejection(code=code, reason=channel.close_reason))
    elif channel.phase is Phase.JOINING:
        links.rejoin(core, channel)


def _decline(core: Core, peer: str, channel_id: str, refusal: Rejection) -> None:
    core.note("node", refusal.code, channel_id, detail=refusal.reason)
    core.control(
        peer,
        Line(type="decline", group=channel_id, code=refusal.code, reason=refusal.reason[:300]),
    )


def accept(core: Core, channel: Channel, owner: str | None) -> Rejection | None:
    """A person accepts. Accepting twice is the same answer twice."""
    if channel.phase in (Phase.JOINING, Phase.OPEN) and not channel.hosted:
        if owner is None or channel.owner == owner:
            return None
        return Rejection(code="answered_elsewhere", reason="another page has answered")
    if channel.phase is not Phase.ASKED:
        if channel.hosted:
            return Rejection(code="not_incoming", reason="that request is our own")
        return Rejection(code=channel.close_code or "expired", reason="the request has ended")
    channel.owner = owner
    _start_joining(core, channel)
    return None


def _start_joining(core: Core, channel: Channel) -> None:
    channel.hidden = False
    channel.phase = Phase.JOINING
    core.save(channel)
    pages.tell_incoming_ended(core, channel, "accepted")
    pages.tell_state(core, channel)
    links.rejoin(core, channel)


def decline(core: Core, channel: Channel, reason: str) -> Rejection | None:
    """A person declines. Declining after accepting is a conflict."""
    if channel.phase is Phase.CLOSED and channel.close_code == "declined":
        return None
    if channel.phase is not Phase.ASKED:
        return Rejection(code="conflict", reason="the request has been answered already")
    finish(core, channel, "declined", reason)
    _decline(core, channel.peer, channel.id, Rejection(code="declined", reason=reason))
    return None


def declined(core: Core, peer: str, line: Line) -> None:
    """The other side declined our invitation, or its node refused it."""
    channel = core.channels.get(line.group)
    if channel is None or channel.peer != peer or channel.phase is not Phase.ASKING:
        return
    _end_request(core, channel, line.code or "declined", line.reason)


def _end_request(core: Core, channel: Channel, code: str, reason: str) -> None:
    finish(core, channel, code, reason)
    for other in core.with_peer(channel.peer):
        # A crossing request that was hidden behind this one comes up now.
        if other.hidden and other.request.context == channel.request.context:
            other.hidden = False
            pages.tell_incoming(core, other)


def cancelled(core: Core, peer: str, line: Line) -> None:
    """The opener withdrew its invitation; it may even come before it."""
    channel = core.channels.get(line.group)
    if channel is None:
        if len(core.cancelled) < 1000:
            core.cancelled[line.group] = core.now + MAX_TIMEOUT_MS
        return
    if channel.peer == peer and channel.phase in (Phase.ASKED, Phase.JOINING):
        finish(core, channel, "expired" if line.code == "timeout" else "cancelled")


def exists(core: Core, peer: str, line: Line) -> None:
    """The other node already has a living channel for what we asked: use that one."""
    channel = core.channels.get(line.group)
    if channel is None or channel.peer != peer or channel.phase is not Phase.ASKING:
        return
    other = core.channels.get(line.id)
    if other is None or other.peer != peer:
        core.control(peer, Line(type="gone", group=line.id))
    elif other.living:
        glare.merge(core, channel, other)
    # Else that one is ending: once the other side has heard it, the repeated invite is taken.


def withdraw(core: Core, channel: Channel, code: str) -> None:
    """Take our own invitation back."""
    core.control(channel.peer, Line(type="cancel", group=channel.id, code=code))
    _end_request(core, channel, code, "")


def invite_failed(core: Core, peer: str, channel_id: str, code: str, reason: str) -> None:
    """An invitation could not be sent."""
    channel = core.channels.get(channel_id)
    if channel is None or channel.peer != peer or channel.phase is not Phase.ASKING:
        return
    if channel.replaced_by:
        return
    _end_request(core, channel, code, reason)


def keep(core: Core, channel: Channel) -> None:
    """Look after a pending request as time goes by."""
    if channel.phase is Phase.ASKING:
        if channel.replaced_by:
            survivor = core.channels.get(channel.replaced_by)
            if survivor is None or survivor.final:
                channel.replaced_by = ""
        elif core.now >= channel.expires_at:
            withdraw(core, channel, "timeout")
        elif core.now >= channel.repeat_at:
            _invite(core, channel)
    elif channel.phase is Phase.ASKED and core.now >= channel.expires_at:
        finish(core, channel, "expired")
