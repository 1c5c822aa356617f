# SPDX-License-Identifier: MIT
"""What a host writes to its guests, hears of them, and does as time goes by."""

from __future__ import annotations

from goop_realtime.model.effects import SendLine
from goop_realtime.model.limits import LINK_WINDOW
from goop_realtime.rooms import drift, ending, hosting, receipts
from goop_realtime.rooms.entries import Leaving
from goop_realtime.rooms.entry_lines import entry_line
from goop_realtime.rooms.fold import MAX_MEMBERS
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import Ack, Confirm, Stable
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Hosting, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.seeking import GRACE_MS

STABLE_MS = 250
"""How often guests are told what is stable."""

Encoded = dict[tuple[int, bool], bytes]
"""The lines of entries, by number and whether the content is withheld."""


def distribute(sh: Shared, room: Room) -> None:
    """Write to every guest what it does not have yet; each entry is encoded once for all."""
    if room.hosting is None:
        return
    encoded: Encoded = {}
    for link in list(room.hosting.links.values()):
        if link.sent < room.log.start:
            # It is so slow that the log goes on without it: it begins anew with a snapshot.
            ending.cut(sh, link, "slow")
        elif link.sent < room.log.last:
            _distribute(sh, room, link, encoded)
    _tell_delivered(sh, room, room.hosting)


def _distribute(sh: Shared, room: Room, link: Link, encoded: Encoded) -> None:
    log, out, handle = room.log, sh.out, room.handle
    flight = log.bytes_between(link.acked, link.sent)
    for entry in log.after(link.sent):
        if flight >= LINK_WINDOW:
            return
        link.sent = entry.seq
        flight += len(entry.raw)
        if entry.id in link.ids and entry.author == link.peer:
            del link.ids[entry.id]
            sh.write(link, Confirm(id=entry.id, seq=entry.seq))
            continue
        withheld = bool(entry.to) and link.peer not in (entry.to, entry.author)
        key = (entry.seq, withheld)
        data = encoded.get(key)
        if data is None:
            data = encoded[key] = serialise(entry_line(entry, room.epoch, withheld=withheld))
        out.append(SendLine(link.id, data, handle))


def _tell_delivered(sh: Shared, room: Room, hosts: Hosting) -> None:
    """Our own messages are safe once one more member has them; alone there is none to wait for."""
    if not room.others_listed:
        receipts.tell_delivered(sh, room, room.log.last)
    elif hosts.stored:
        receipts.tell_delivered(sh, room, max(hosts.stored.values()))


def acknowledged(sh: Shared, link: Link, line: Ack) -> None:
    """A guest has stored the log up to there, and its pages have handled it."""
    room, hosts = link.room, link.room.hosting
    if hosts is None or not link.welcomed:
        return
    link.acked = max(link.acked, min(line.seq, link.sent))
    # The log is not trimmed where somebody still needs the content of an entry.
    stored = min(link.acked, line.lacks - 1) if line.lacks else link.acked
    if stored > hosts.stored.get(link.peer, 0):
        hosts.stored[link.peer] = stored
        hosts.stable_due = True
    sh.grow(room)
    drift.compare(sh, link, line)
    handled = min(line.handled, link.acked)
    if handled > link.handled:
        link.handled = handled
        hosts.stable_due = True
        receipts.handled_by(sh, room, link.peer, handled)


def keep(sh: Shared, room: Room) -> None:
    """As time goes by: who is gone for too long is a member no more; guests hear what is stable."""
    hosts = room.hosting
    if hosts is None:
        return
    for peer, since in list(hosts.absent.items()):
        if sh.now - since > GRACE_MS and not hosting.remove(sh, room, peer, Leaving(lost=True)):
            return
    tell_stable(sh, room, hosts)


def tell_stable(sh: Shared, room: Room, hosts: Hosting) -> None:
    """Tell the guests up to where all have stored the log, and who has handled what they said."""
    if not hosts.stable_due or sh.now < hosts.stable_at:
        return
    hosts.stable_due, hosts.stable_at = False, sh.now + STABLE_MS
    stored = [hosts.stored.get(peer, 0) for peer in room.others_listed]
    room.stable = max(room.stable, min(stored, default=room.log.last))
    handled = {peer: seq for peer, seq in room.others.items() if peer in room.fold.members}
    handled[sh.me] = room.handled
    for link in hosts.links.values():
        news = _handled_news(room, link, handled) if link.welcomed else []
        if news or (link.welcomed and room.stable > link.stable):
            link.stable = room.stable
            sh.write(link, Stable(seq=room.stable, handled=news))
    sh.grow(room)


def _handled_news(room: Room, link: Link, handled: dict[str, int]) -> list[tuple[str, int]]:
    """Whose pages have handled more than the guest knows, where that concerns messages of its own.

    To tell everybody everything would be most of what is written in a room of many.
    """
    said = room.fold.newest(link.peer)
    news = [
        (peer, seq)
        for peer, seq in handled.items()
        if link.handled_by.get(peer, 0) < min(said, seq) and peer != link.peer
    ][:MAX_MEMBERS]
    link.handled_by.update(news)
    return news
