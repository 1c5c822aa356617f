# SPDX-License-Identifier: MIT
"""The host's side of a room: it checks, numbers and applies.

Checking, numbering and applying are one step, one message after the other; the commit of the step
then makes it visible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import UNSET
from msgspec.structs import force_setattr, replace

from goop_node.types import JsonValue
from goop_realtime.model.bounding import bounded
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.model.limits import OUTBOX_MESSAGES, Bucket
from goop_realtime.rooms import ending, folding, ordering, receipts, versions
from goop_realtime.rooms.entries import (
    Joining,
    Kind,
    Leaving,
    MemberVersion,
    Opening,
    RoomEntry,
    RoomOutgoing,
    digest_of,
)
from goop_realtime.rooms.fold import Standing
from goop_realtime.rooms.lines import Msg, Refuse
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.positions import Epoch
from goop_realtime.rooms.records import ClaimEpoch
from goop_realtime.rooms.room import Hosting, Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.signatures import TOGETHER, is_proved, prove, signed_bytes
from goop_realtime.types import Refusal

LOST = Refusal(code="lost", reason="too long ago: nobody knows what became of it")
FORGED = Refusal(code="forged", reason="its author has not signed that for this room")


def claim(sh: Shared, room: Room) -> None:
    """This node becomes host. It orders at once: whoever has a longer log would have come first."""
    versions.settle(sh, room)
    number = max(room.seen + 1, sh.now)
    room.own_epoch, room.epoch = number, Epoch(number, sh.me)
    room.hear_of(number)
    sh.out.append(ClaimEpoch(room.handle, number))
    sh.note(room, "node", "room_hosts", detail=f"epoch {number}, behind {room.log.last}")
    room.phase, room.seeking, room.link = Phase.HOST, None, None
    room.code = room.reason = ""
    room.last_host = sh.me
    hosting = room.hosting = Hosting()
    if not room.log.last:
        opening = Opening(max_peers=room.max_peers, context=room.context_name)
        if room.context.hash:
            opening = replace(opening, version=str(room.context.version))
        room_id = f"{sh.core.random.getrandbits(64):016x}"
        if not _append(sh, room, "open", sh.me, opening, entry_id=room_id):
            return
    has = versions.of(room.context)
    if not is_listed(room, sh.me, has):
        refusal = admit(sh, room, sh.me, sh.core.label_of(sh.me), has)
        if refusal is not None:
            ending.end(sh, room, refusal.code, refusal.reason)
        if room.final:
            return
    hosting.absent = dict.fromkeys(room.others_listed, sh.now)
    order_outbox(sh, room)
    sh.tell(room)
    sh.wake(room)


def is_listed(room: Room, peer: str, has: MemberVersion | None) -> bool:
    """Whether somebody is on the list of members, with that version."""
    return peer in room.fold.members and room.fold.versions.get(peer) == has


def admit(
    sh: Shared, room: Room, peer: str, label: str, has: MemberVersion | None
) -> Refusal | None:
    """Put somebody on the list of members, or a member's new version, or say why not."""
    again = peer in room.fold.members
    if room.fold.is_full and not again:
        full = room.fold.opening.max_peers
        return Refusal(code="full", reason=f"{full} are in the room, and no more may be")
    joining = Joining(label[:256], has or UNSET, again or UNSET)
    entry = _entry(sh, room, "join", peer, encode(msgspec.to_builtins(joining)))
    event = folding.event_of(entry)
    refusal = folding.judge(room, event)
    if refusal is not None:
        return refusal
    ordering.place(sh, room, entry, event)
    return None


def remove(sh: Shared, room: Room, peer: str, leaving: Leaving) -> bool:
    """Take somebody off the list of members; false where this node failed on it."""
    hosting = room.hosting
    if hosting is not None:
        hosting.absent.pop(peer, None)
        hosting.stored.pop(peer, None)
    return _append(sh, room, "leave", peer, leaving)


def _append(
    sh: Shared, room: Room, kind: Kind, author: str, said: msgspec.Struct, *, entry_id: str = ""
) -> bool:
    raw = msgspec.json.encode(said)
    entry = _entry(sh, room, kind, author, raw, entry_id)
    return ordering.place(sh, room, entry, folding.event_of(entry))


def _entry(
    sh: Shared, room: Room, kind: Kind, author: str, raw: bytes, entry_id: str = ""
) -> RoomEntry:
    return RoomEntry(
        number=room.epoch.number,
        host=room.epoch.host,
        seq=room.log.last + 1,
        kind=kind,
        author=author,
        at=sh.now + sh.core.correction,
        id=entry_id,
        raw=raw,
    )


# Messages


def order(
    sh: Shared, room: Room, author: str, said: RoomOutgoing, sig: bytes, data: JsonValue
) -> Refusal | None:
    """Give a message its place, or say why it gets none. One of our own is signed later."""
    known = room.refusals.get(author, said.id)
    if known is not None:
        return receipts.refusal_of(known)
    standing = room.fold.standing(author, said.id)
    if standing is Standing.PLACED:
        if author == sh.me:
            ordering.settle_own(sh, room, said.id)
        return None
    if standing is Standing.OVERTAKEN:
        return receipts.OVERTAKEN
    if standing is Standing.LOST:
        return LOST
    if said.to and (said.to not in room.fold.members or said.to == author):
        return Refusal(code="unknown_peer", reason="nobody else in the room has that peer id")
    entry = RoomEntry(
        number=room.epoch.number,
        host=room.epoch.host,
        seq=room.log.last + 1,
        kind="msg",
        author=author,
        at=said.at,
        id=said.id,
        to=said.to,
        raw=said.raw,
        salt=said.salt,
        sig=sig,
        digest=digest_of(said.salt, said.raw) if said.to else b"",
    )
    event = folding.event_of(entry, data)
    refusal = (
        _checked(room, said, data)
        or versions.unknown_there(room, data)
        or folding.judge(room, event)
    )
    if refusal is None:
        if not sig:
            room.unsigned.append((entry, to_sign(sh, room, said)))
        ordering.place(sh, room, entry, event)
    return refusal


def _checked(room: Room, said: RoomOutgoing, data: JsonValue) -> Refusal | None:
    """Why a private message does not fit: no Session sees it, but it has a form."""
    return room.context.check_message(data) if said.to and room.context.messages else None


def order_own(sh: Shared, room: Room, said: RoomOutgoing, data: JsonValue) -> Refusal | None:
    """Give a message of our own pages its place."""
    return order(sh, room, sh.me, said, b"", data)


def sign_placed(sh: Shared, room: Room) -> None:
    """At the end of a step: sign what was ordered of our own in it, and has left for nowhere yet.

    Its entry is in the log, and in the records of the step, already: it is completed there.
    """
    placed, room.unsigned = room.unsigned, []
    proofs = proved(sh, [said for _, said in placed])
    for (entry, _), proof in zip(placed, proofs, strict=True):
        force_setattr(entry, "sig", proof)


def signed(
    sh: Shared, room: Room, messages: Sequence[RoomOutgoing]
) -> Iterator[tuple[RoomOutgoing, bytes]]:
    """Messages of ours that are written together, each with our proof of it for this room."""
    yield from zip(messages, proved(sh, [to_sign(sh, room, one) for one in messages]), strict=True)


def to_sign(sh: Shared, room: Room, said: RoomOutgoing) -> bytes:
    """What is signed of a message of ours for this room."""
    return signed_bytes(room.fold.room, said.id, sh.me, said.to, digest_of(said.salt, said.raw))


def proved(sh: Shared, said: Sequence[bytes]) -> Iterator[bytes]:
    """Our proofs of what is written together."""
    for start in range(0, len(said), TOGETHER):
        yield from prove(sh.signing, said[start : start + TOGETHER])


def order_outbox(sh: Shared, room: Room) -> None:
    """What our pages said while there was no host."""
    for outgoing in list(room.outbox):
        refusal = order_own(sh, room, outgoing, decode(outgoing.raw))
        if room.final:
            return
        if refusal is not None:
            ordering.refuse_own(sh, room, outgoing.id, refusal)


def receive(sh: Shared, link: Link, line: Msg) -> None:
    """A guest's message: order it, or say why not; what has its place comes in its place."""
    room = link.room
    if room.fold.standing(link.peer, line.id) is Standing.PLACED:
        return
    if not _within_rate(sh, link):
        sh.note(room, "link", "too_fast", line.id)
        ending.cut(sh, link, "too_fast")
        return
    link.ids[line.id] = line.sig
    refusal = _judge(sh, link, line)
    if refusal is None:
        return
    del link.ids[line.id]
    if room.refusals.get(link.peer, line.id) is None:
        ordering.remember_refusal(sh, room, link.peer, line.id, refusal)
        sh.note(room, "host", refusal.code, line.id, refusal.reason)
    said = bounded(refusal)
    sh.write(link, Refuse(id=line.id, code=said.code, reason=said.reason, pointer=said.pointer))


def _judge(sh: Shared, link: Link, line: Msg) -> Refusal | None:
    room, raw = link.room, bytes(line.data)
    try:
        data = decode(raw)
    except MalformedJson as error:
        return Refusal(code=error.code, reason=error.reason)
    kind, limits = room.context.kind_of(data), room.context.type.limits
    if kind is not None and kind.delivery != "ordered":
        return Refusal(code="unknown_type", reason=f"{kind.name} is not for the log")
    if len(raw) > (limits.message_bytes if kind is None else kind.limits(limits)[0]):
        return Refusal(code="too_large", reason="the message exceeds the size limit")
    said = RoomOutgoing(id=line.id, at=line.at, raw=raw, salt=line.salt, to=line.to)
    digest = digest_of(line.salt, raw)
    proof = signed_bytes(room.fold.room, line.id, link.peer, line.to, digest)
    if not is_proved(sh.signing, link.peer, proof, line.sig, room.roots):
        return FORGED
    return order(sh, room, link.peer, said, line.sig, data)


def _within_rate(sh: Shared, link: Link) -> bool:
    """Whether the guest's node keeps the rate that every node keeps for its own pages."""
    if link.bucket is None:
        limits, own = link.room.context.type.limits, sh.core.limits
        rate, burst = max(limits.rate, own.rate or 0), max(limits.burst, own.burst or 0)
        # An outbox may come at once, and the clocks of two machines differ.
        link.bucket = Bucket(2 * rate, burst + OUTBOX_MESSAGES)
    return link.bucket.take(sh.now)
