# SPDX-License-Identifier: MIT
"""Messages to one member: their content is with author, host and addressee only.

Who lacks the content of an entry of its own asks through the host, which asks the other one. Who
has it no more either says so, as after a power cut or a trim: then nobody waits for it.
"""

from __future__ import annotations

import msgspec

from goop_realtime.rooms import page_rewinds
from goop_realtime.rooms.entries import RoomEntry, digest_of
from goop_realtime.rooms.lines import Content, Want
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.records import AppendEntry
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared

ASK_MS = 700
"""How often the content of an entry is asked for."""
AT_ONCE = 64
"""How many entries are asked for at a time."""


def look_for_lacking(room: Room) -> None:
    """Of which entries this node should have the content, and has not."""
    room.lacking = {entry.seq: 0 for entry in room.log.after(0) if lacks(room, entry)}


def lacks(room: Room, entry: RoomEntry) -> bool:
    """Whether this node should have the content of an entry, and has not."""
    return entry.withheld and room.me in (entry.to, entry.author)


def first_missing(room: Room) -> int:
    """The first entry to us without content; who said it can still be asked. 0 for none."""
    for seq in room.lacking:
        entry = room.log.get(seq)
        if entry is not None and entry.to == room.me and entry.author in room.fold.members:
            return seq
    return 0


def keep(sh: Shared, room: Room) -> None:
    """As time goes by: ask for what is missing."""
    due = [seq for seq, at in room.lacking.items() if sh.now - at >= ASK_MS]
    for seq in due[:AT_ONCE]:
        room.lacking[seq] = sh.now
        entry = room.log.get(seq)
        if entry is None:
            del room.lacking[seq]
        elif room.hosting is not None:
            _ask(sh, room, entry, sh.me)
        elif room.link is not None and room.link.welcomed:
            sh.write(room.link, Want(seq=seq))


def _ask(sh: Shared, room: Room, entry: RoomEntry, asker: str = "") -> None:
    """Host: ask the two who have the content, as far as they are here; not who asks for it."""
    links = room.hosting.links if room.hosting is not None else {}
    for peer in (entry.author, entry.to):
        if peer in links and peer != asker:
            sh.write(links[peer], Want(seq=entry.seq))


def wanted(sh: Shared, link: Link, line: Want) -> None:
    """The other side lacks the content of an entry that it may see."""
    room = link.room
    entry = room.log.get(line.seq)
    if entry is None and line.seq <= room.log.start:
        sh.write(link, Content(seq=line.seq))
    if entry is None or not entry.to:
        return
    from_host = room.link is link
    if not from_host and link.peer not in (entry.author, entry.to):
        sh.note(room, "link", "ignored", detail=f"{link.peer} wants what is not for it")
    elif not entry.withheld:
        sh.write(link, Content(seq=entry.seq, data=msgspec.Raw(entry.raw), salt=entry.salt))
    elif from_host or sh.me in (entry.author, entry.to):
        sh.write(link, Content(seq=entry.seq))
    else:
        if room.hosting is not None:
            room.hosting.wanted.setdefault(entry.seq, set()).add(link.peer)
        _ask(sh, room, entry, link.peer)


def came(sh: Shared, link: Link, line: Content) -> None:
    """The content of an entry has come: this node has it, and who asked for it gets it."""
    room, raw = link.room, bytes(line.data)
    entry = room.log.get(line.seq)
    hosts = room.hosting
    asked = hosts.wanted.pop(line.seq, set()) if hosts is not None else set[str]()
    askers = asked - {link.peer}
    if hosts is not None and askers < asked:
        hosts.wanted[line.seq] = {link.peer}  # it is still to hear of the other one
    if entry is None or not entry.withheld:
        return
    if raw and digest_of(line.salt, raw) != entry.digest:
        sh.note(room, "link", "forged", entry.id, f"{link.peer} gave another content")
        return
    if raw:
        entry = msgspec.structs.replace(entry, raw=raw, salt=line.salt)
        room.log.replace(entry)
        sh.out.append(AppendEntry(room.handle, entry))
        page_rewinds.come_late(sh, room, entry)
    else:
        sh.note(room, "link", "content_lost", entry.id)
    room.lacking.pop(entry.seq, None)
    sh.grow(room)
    links = hosts.links if hosts is not None else {}
    for peer in askers:
        if peer in links and peer in (entry.author, entry.to):
            sh.write(links[peer], line)
