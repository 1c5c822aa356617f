# SPDX-License-Identifier: MIT
"""What a page hears of its own messages in a room: how far each is, or that it was refused.

``accepted``: this node has it. ``ordered``: it has its place. ``delivered``: the host and one more
member have stored it. ``handled``: a member's pages are done with it (``by``), or those of all.
``lost``: nobody knows what became of it.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.machine.pages import frame
from goop_realtime.model.effects import Outcome
from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.fold import Standing
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

OVERTAKEN = Refusal(code="overtaken", reason="a later message of this page has its place already")


def receipt(sh: Shared, room: Room, message_id: str, stage: str, **more: Any) -> None:
    """Tell the page that sent a message how far it is."""
    page = sh.core.pages.get(parsed(message_id).page)
    if page is not None and page.acks:
        sh.core.receipts[stage] += 1
        head = {"type": "receipt", "channel": room.handle, "id": message_id, "stage": stage}
        frame(sh.core, page, head | more)


def ordered(sh: Shared, room: Room, entry: RoomEntry) -> None:
    """One of our pages' messages has its place."""
    room.own.append((entry.seq, entry.id))
    place = {"epoch": entry.number, "host": entry.host, "seq": entry.seq}
    receipt(sh, room, entry.id, "ordered", **place)


def tell_refused(sh: Shared, room: Room, message_id: str, refusal: Refusal) -> None:
    """A page's message was applied nowhere. Where the page is gone, its other tabs hear it."""
    body: dict[str, JsonValue] = {
        "channel": room.handle,
        "id": message_id,
        "code": refusal.code,
        "reason": refusal.reason,
        "pointer": refusal.pointer,
    }
    author = sh.core.pages.get(parsed(message_id).page)
    if author is not None and author.connected:
        frame(sh.core, author, {"type": "refused", **body})
        return
    for page in sh.core.pages.values():
        view = page.views.get(room.handle)
        if page.connected and view is not None and not view.barred:
            frame(sh.core, page, {"type": "error", **body})


def refusal_of(outcome: Outcome) -> Refusal:
    """The refusal that is remembered."""
    return Refusal(code=outcome.code, reason=outcome.reason, pointer=outcome.pointer)


def answer_pending(sh: Shared, room: Room, message_id: str) -> None:
    """Tell a page where one of its messages stands; ``lost`` where nothing is known of it."""
    outcome = room.refusals.get(sh.me, message_id)
    if message_id in room.outbox:
        receipt(sh, room, message_id, "accepted")
    elif outcome is not None:
        tell_refused(sh, room, message_id, refusal_of(outcome))
    else:
        standing = room.fold.standing(sh.me, message_id)
        if standing is Standing.PLACED:
            _tell_placed(sh, room, message_id)
        elif standing is Standing.OVERTAKEN:
            tell_refused(sh, room, message_id, OVERTAKEN)
        else:
            receipt(sh, room, message_id, "lost")


def _tell_placed(sh: Shared, room: Room, message_id: str) -> None:
    """How far one is that has its place; what the log does not hold any more all have stored."""
    seq = next((seq for seq, known in reversed(room.own) if known == message_id), 0)
    entry = room.log.get(seq)
    if entry is None:
        receipt(sh, room, message_id, "delivered")
        return
    place = {"epoch": entry.number, "host": entry.host, "seq": seq}
    receipt(sh, room, message_id, "delivered" if seq <= room.delivered else "ordered", **place)
    for peer in room.others_listed:
        if seq <= room.others.get(peer, 0) and _concerns(room, peer, seq):
            receipt(sh, room, message_id, "handled", seq=seq, by=peer)
    if seq <= room.handled_by_all:
        receipt(sh, room, message_id, "handled", seq=seq)


def tell_delivered(sh: Shared, room: Room, upto: int) -> None:
    """Our pages' messages up to there are stored by the host and one more."""
    if upto > room.delivered:
        for seq, message_id in _own(room, room.delivered, upto):
            receipt(sh, room, message_id, "delivered", seq=seq)
        room.delivered = upto
        settle_handled(sh, room)


def handled_by(sh: Shared, room: Room, peer: str, upto: int) -> None:
    """A member's pages are done with everything up to there."""
    before = room.others.get(peer, 0)
    if upto > before:
        room.others[peer] = upto
        for seq, message_id in _own(room, before, upto):
            if _concerns(room, peer, seq):
                receipt(sh, room, message_id, "handled", seq=seq, by=peer)
        settle_handled(sh, room)


def _concerns(room: Room, peer: str, seq: int) -> bool:
    """Whether the pages of a member had anything to do with a message of ours."""
    entry = room.log.get(seq)
    if entry is not None and entry.to:
        return entry.to == peer
    return room.joined_at.get(peer, 0) < seq


def settle_handled(sh: Shared, room: Room) -> None:
    """Tell of our pages' messages that all others are done with who were members then."""
    at = bisect_right(room.own, room.handled_by_all, key=itemgetter(0))
    others = room.others_listed if at < len(room.own) else []
    while at < len(room.own) and room.own[at][0] <= room.delivered:
        seq, message_id = room.own[at]
        if any(room.others.get(one, 0) < seq and _concerns(room, one, seq) for one in others):
            return
        receipt(sh, room, message_id, "handled", seq=seq)
        room.handled_by_all = seq
        at += 1


def _own(room: Room, above: int, upto: int) -> list[tuple[int, str]]:
    """Our pages' messages between the two."""
    low = bisect_right(room.own, above, key=itemgetter(0))
    return room.own[low : bisect_right(room.own, upto, key=itemgetter(0))]
