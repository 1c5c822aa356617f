# SPDX-License-Identifier: MIT
"""What this node's person may see of all channels and their logs, and of every decision."""

from __future__ import annotations

from operator import itemgetter

from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Place, Recorded, Recording
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.rights import UNKNOWN
from goop_realtime.machine.versions import upgraded
from goop_realtime.model.effects import Entry
from goop_realtime.model.jsonio import decode
from goop_realtime.model.trace import PAGES, STRANGERS
from goop_realtime.types import Message, Refusal, Snapshot

Row = dict[str, JsonValue]


def logs(core: Core) -> list[Row]:
    """Every channel that is not hidden behind another one, with how much its log holds.

    ``at`` is when its newest entry was said, Unix ms by its author's clock, 0 for none.
    """
    return [
        _log_row(channel)
        for channel in core.channels.values()
        if not (channel.hidden or (channel.replaced_by and channel.final))
    ]


def _log_row(channel: Channel) -> Row:
    log, other = channel.log, channel.other
    newest = log.get(log.last[1])
    row: Row = {
        "id": channel.id,
        "kind": "channel",
        "context": channel.request.context,
        "version": channel.context.type.version,
        "plugin": channel.context.plugin,
        "phase": str(channel.phase),
        "state": channel.page_state,
        "ended": channel.final,
        "peers": [{"peerId": other.peer, "peerLabel": other.label}],
        "host": channel.host,
        "delivery": channel.delivery,
        "entries": len(log),
        "bytes": log.size,
        "first": log.start[1] + 1,
        "last": log.last[1],
        "waiting": len(channel.outbox),
        "at": 0 if newest is None else newest.at,
    }
    code, reason = channel.close_code, channel.close_reason
    if channel.obstacle is not None and not channel.final:
        code, reason = channel.obstacle.code, channel.obstacle.reason
    return row | {"code": code, "reason": reason} if code else row


def decisions(core: Core) -> list[Row]:
    """What the trace holds, oldest first, each with the ``peer`` whom it concerns, if any.

    Among them, with ``times``, what went by in no log.
    """
    found: list[Row] = []
    for source, row in (*core.trace.by_source(), *core.trace.passing()):
        peer = "" if source in (PAGES, STRANGERS) else source
        channel = core.channels.get(row.get("channel", ""))
        if not peer and channel is not None:
            peer = channel.other.peer
        found.append({**row, "peer": peer} if peer else {**row})
    return sorted(found, key=itemgetter("n"))


def recording(core: Core, channel_id: str, after: int) -> Recording | Refusal:
    """What the channel's Session was opened from, and the entries above the number ``after``."""
    channel = core.channels.get(channel_id)
    if channel is None:
        return UNKNOWN
    log, blocked = channel.log, channel.obstacle
    # One that is there and fails shows where, when it is asked.
    unknown = not channel.context.served or channel.contract is not None
    state, snapshot, refusal = channel.start_state, None, None
    if blocked is not None and blocked.here and unknown:
        refusal = Refusal(code=blocked.code, reason=blocked.reason)
    elif channel.contract is not None:
        found = upgraded(core, channel_id, channel.context, state, channel.contract)
        refusal = found if isinstance(found, Refusal) else None
        state = None if isinstance(found, Refusal) else found
    if log.start[1]:
        epoch, seq = log.start
        snapshot = Snapshot(epoch=epoch, seq=seq, state=state)
    held = list(log.after(after))
    return Recording(
        context=channel.context,
        request=channel.request,
        room=False,
        snapshot=snapshot,
        start=Place(*log.start),
        last=Place(*log.last),
        judged=channel.judged,
        obstacle=refusal,
        entries=map(_recorded, held),
    )


def _recorded(entry: Entry) -> Recorded:
    data, event = None, None
    if entry.kind == "msg":
        data = decode(entry.raw)
        event = Message(sender=entry.author, data=data, id=entry.id, sent_at_ms=entry.at)
    return Recorded(
        place=Place(entry.epoch, entry.seq),
        kind=entry.kind,
        author=entry.author,
        at=entry.at,
        id=entry.id,
        data=data,
        event=event,
    )
