# SPDX-License-Identifier: MIT
"""The guest's side of a room: it takes the host's entries in and sends what its pages say."""

from __future__ import annotations

import msgspec

from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.limits import LINK_WINDOW
from goop_realtime.rooms import (
    aside,
    drift,
    ending,
    folding,
    hosting,
    latest,
    ordering,
    private,
    receipts,
    seeking,
    versions,
)
from goop_realtime.rooms.entries import Leaving, RoomEntry, digest_of, is_arrival
from goop_realtime.rooms.entry_lines import entry_of
from goop_realtime.rooms.lines import Ack, Confirm, EntryLine, Moved, Msg, Refuse, Stable
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.positions import is_plausible
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.signatures import is_signed
from goop_realtime.types import Refusal

STALLED_MS = 10_000
"""How long a host may take for the next entry that it has."""


def entry(sh: Shared, link: Link, line: EntryLine) -> None:
    """An entry of the host's log."""
    take(sh, link, entry_of(line, link.room.epoch))


def confirmed(sh: Shared, link: Link, line: Confirm) -> None:
    """What this node sent on this stream is the next entry."""
    room = link.room
    said = room.outbox.get(line.id)
    if said is None or said.id not in link.ids:
        _break_off(sh, link, "malformed_json", f"{line.id} is confirmed, and was not sent")
        return
    sig = link.ids[said.id]
    take(
        sh,
        link,
        RoomEntry(
            number=room.epoch.number,
            host=room.epoch.host,
            seq=line.seq,
            kind="msg",
            author=sh.me,
            at=said.at,
            id=said.id,
            to=said.to,
            raw=said.raw,
            salt=said.salt,
            sig=sig,
            digest=digest_of(said.salt, said.raw) if said.to else b"",
        ),
        ours=True,
    )


def take(sh: Shared, link: Link, new: RoomEntry, *, ours: bool = False) -> None:
    """Check an entry as the host had to, and take it in; what is ``ours`` we have signed."""
    room = link.room
    if not _may_follow(sh, room, new):
        reason = f"{new.kind} {new.seq} of {new.author} after {room.log.last}"
        _break_off(sh, link, "malformed_json", reason)
        return
    if not ours and not is_signed(sh.signing, room.fold.room, new, room.roots):
        _break_off(sh, link, "forged", f"{new.author} has not signed {new.id}")
        return
    try:
        event = folding.event_of(new, folding.data_of(new))
    except MalformedJson as error:
        _break_off(sh, link, error.code, error.reason)
        return
    refusal = folding.judge(room, event) if new.kind in ("msg", "join") else None
    if refusal is not None:
        if versions.differs(room, new.host):
            aside.leave_to(sh, link, new, refusal)
            return
        reason = f"entry {new.seq} of {new.author}: {refusal.code}: {refusal.reason}"
        ending.end(sh, room, "diverged", reason[:300], keep=True)
        return
    if ordering.place(sh, room, new, event):
        _follow(sh, link, room, new)


def _may_follow(sh: Shared, room: Room, new: RoomEntry) -> bool:
    """Whether a host that keeps to the rules may have ordered that."""
    fold = room.fold
    if new.seq != room.log.last + 1 or new.epoch < fold.last.epoch:
        return False
    if not is_plausible(new.number, sh.now) or (new.kind == "open") != (new.seq == 1):
        return False
    if new.kind == "join":
        known = new.author in fold.members
        return known != is_arrival(new) and (known or not fold.is_full)
    return new.kind != "msg" or new.author in fold.members


def _follow(sh: Shared, link: Link, room: Room, new: RoomEntry) -> None:
    """What an entry changes beside the log."""
    if new.author == sh.me and new.kind == "msg":
        link.ids.pop(new.id, None)
    if new.kind == "leave" and new.author == link.peer and new.epoch == room.epoch:
        # The host leaves: it waits until whoever is next has this.
        said = msgspec.json.decode(new.raw, type=Leaving)
        acknowledge(sh, room)
        sh.drop(link)
        seeking.begin(sh, room, lost=link.peer, reset=True, hint=said.next)
    else:
        catch_up(sh, link)


def catch_up(sh: Shared, link: Link) -> None:
    """Where this node has all that the host had at its welcome, it takes part from here on."""
    link.progress_at = sh.now
    if not link.caught_up and link.room.log.last >= link.until:
        link.caught_up = True
        link.room.stuck = None
        link.room.code = link.room.reason = ""
        link.room.newest.keep_only(link.room.fold.members)
        latest.owe_all(link.room, link, author=sh.me)
        sh.tell(link.room)
        sh.wake(link.room)


def keep(sh: Shared, room: Room) -> None:
    """As time goes by: a host that does not give what it has said it has is no host."""
    link = room.link
    if link is None or not link.welcomed or link.caught_up:
        return
    if sh.now - link.progress_at >= STALLED_MS:
        _break_off(sh, link, "stalled", f"{room.log.last} of {link.until} entries came")


def acknowledge(sh: Shared, room: Room) -> None:
    """Tell the host what this node has stored, and how far its pages are."""
    link = room.link
    if link is None or not link.welcomed:
        return
    seq, handled = room.log.last, room.handled
    lacks = private.first_missing(room) if room.lacking else 0
    if seq > link.acked or handled > link.handled or lacks != link.lacks:
        link.acked, link.handled, link.lacks = seq, max(handled, link.handled), lacks
        at, state = drift.told(sh, room) if link.caught_up else (0, "")
        sh.write(link, Ack(seq=seq, handled=link.handled, lacks=lacks, at=at, state=state))


def send_outbox(sh: Shared, room: Room) -> None:
    """Write what waits and this stream has not carried yet."""
    link = room.link
    if link is None or not link.caught_up or len(link.ids) >= len(room.outbox):
        return
    flight = sum(len(said.raw) for said in room.outbox if said.id in link.ids)
    leave = []
    for said in room.outbox:
        if said.id in link.ids:
            continue
        if flight >= LINK_WINDOW:
            break
        leave.append(said)
        flight += len(said.raw)
    for said, sig in hosting.signed(sh, room, leave):
        link.ids[said.id] = sig
        data = msgspec.Raw(said.raw)
        sh.write(link, Msg(id=said.id, at=said.at, to=said.to, data=data, salt=said.salt, sig=sig))


def refused(sh: Shared, link: Link, line: Refuse) -> None:
    """The host has refused a message of ours."""
    room = link.room
    link.ids.pop(line.id, None)
    if line.id in room.outbox:
        said = Refusal(code=line.code or "refused", reason=line.reason, pointer=line.pointer)
        ordering.refuse_own(sh, room, line.id, said)
        sh.grow(room)


def stable(sh: Shared, link: Link, line: Stable) -> None:
    """What all listed members have stored, and how far the pages of each are."""
    room = link.room
    room.stable = max(room.stable, min(line.seq, room.log.last))
    for peer, seq in line.handled:
        if peer != sh.me and peer in room.fold.members:
            receipts.handled_by(sh, room, peer, min(seq, room.log.last))
    sh.grow(room)


def moved(sh: Shared, link: Link, line: Moved) -> None:
    """The host is host no more: join the one that is."""
    sh.drop(link)
    seeking.begin(sh, link.room, lost=link.peer, reset=True, hint=line.to)


def lost(sh: Shared, link: Link, code: str, *, reset: bool) -> None:
    """The stream to the host is no more."""
    room = link.room
    if room.link is not link:
        return
    if room.phase is Phase.JOINING:
        seeking.failed(sh, room, link.peer, code)
    elif room.phase is Phase.GUEST:
        seeking.begin(sh, room, lost=link.peer, reset=reset)


def _break_off(sh: Shared, link: Link, code: str, detail: str) -> None:
    """The host does not keep to the rules: its stream ends, and this node looks on."""
    room = link.room
    sh.note(room, "link", code, detail=detail)
    ending.cut(sh, link, code)
    lost(sh, link, code, reset=False)
