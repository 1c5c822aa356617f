# SPDX-License-Identifier: MIT
"""Finding rooms: who wants one asks every connected peer, and joins a host or becomes it.

A question tells as much as an answer. But a host counts only once it has answered one's own
question: it may be heard by us and not hear us.
"""

from __future__ import annotations

from goop_realtime.machine.containment import Contained
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import MAX_VERSION
from goop_realtime.rooms import ending, hosting, joining, keys, merging, nearby, succession
from goop_realtime.rooms.find_lines import (
    Guest,
    Host,
    Out,
    Seek,
    TheseRooms,
    WhichRooms,
    parse,
)
from goop_realtime.rooms.missing import named_hosts
from goop_realtime.rooms.positions import Epoch, is_plausible
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.seeking import GRACE_MS, Answer, Seeking, Standing

ASK_MS = 250
"""How often a seeker asks."""
HOST_ASK_MS = 1000
"""How often a host asks whether somebody else is host, too."""
ABSENT_ASK_MS = 2000
"""How often members are asked that are not connected."""
NONCE_MS = 3000
"""How late an answer may come."""
UNREACHABLE = "unreachable"
UNREACHABLE_MS = 3000
"""How long a host may be out of reach before people are told."""
FINDING = "finder"
"""As what a node proves in an answer that it has a room's key."""
FULL_MS = GRACE_MS + 2000
"""How long a node that was in the room before tries to come into a full one."""


def look(sh: Shared, room: Room) -> None:
    """Time goes by, or something has changed: ask again, and decide."""
    seeking, hosts = room.seeking, room.hosting
    if seeking is not None:
        if sh.now >= seeking.ask_at:
            seeking.ask_at = sh.now + ASK_MS
            _ask(sh, room, absent=sh.now >= seeking.ask_absent_at)
            if sh.now >= seeking.ask_absent_at:
                seeking.ask_absent_at = sh.now + ABSENT_ASK_MS
        if room.phase is Phase.JOINING:
            joining.keep(sh, room)
        _decide(sh, room, seeking)
    elif hosts is not None and room.phase is Phase.HOST and sh.now >= hosts.ask_at:
        hosts.ask_at = sh.now + HOST_ASK_MS
        _ask(sh, room, absent=False)


def _ask(sh: Shared, room: Room, *, absent: bool) -> None:
    nonce = sh.nonce()
    room.nonces = {one: at for one, at in room.nonces.items() if sh.now - at <= NONCE_MS}
    room.nonces[nonce] = sh.now
    away = (*room.others_listed, *named_hosts(sh, room)) if absent else ()
    asked = sh.connected | dict.fromkeys(away)
    for peer in asked:
        if not sh.core.is_blocked(peer):
            sh.find(peer, _standing(sh, room, peer, ask=nonce), room)


def received(sh: Shared, peer: str, raw: bytes) -> bool:
    """A line of the finding protocol; false when malformed."""
    try:
        line = parse(raw)
    except MalformedJson as error:
        sh.core.note("peer", error.code, detail=error.reason)
        return False
    if line is None or sh.core.is_blocked(peer):
        return True
    if not sh.allows(peer):
        sh.core.note("peer", "too_fast", detail=f"{peer} asks for rooms too often")
        return True
    if isinstance(line, WhichRooms | TheseRooms):
        nearby.heard(sh, peer, line)
        return True
    room = sh.names.get(line.room)
    with Contained(sh.core, "" if room is None else room.handle, peer):
        heard(sh, peer, line)
    return True


def peer_back(sh: Shared, room: Room, peer: str) -> None:
    """A peer is connected: who seeks asks it at once."""
    if room.seeking is not None and room.nonces and not sh.core.is_blocked(peer):
        sh.find(peer, _standing(sh, room, peer, ask=next(reversed(room.nonces))), room)


def _standing(sh: Shared, room: Room, peer: str, *, ask: str = "", echo: str = "") -> Standing:
    """How this node stands to the room, for a peer; ``ask`` is the nonce of a question."""
    last = room.fold.last
    line: Standing
    if room.phase is Phase.HOST and room.hosting is not None:
        linked = len(room.hosting.links)
        line = Host(room=room.name, epoch=room.epoch, seq=last.seq, linked=linked)
        line.hash = room.context.hash
        line.version = room.context.type.version[:MAX_VERSION]
    elif room.phase is Phase.GUEST:
        line = Guest(room=room.name, host=room.epoch.host)
    elif room.seeking is not None:
        line = Seek(room=room.name, epoch=last.epoch, seq=last.seq, lost=room.seeking.lost)
    else:
        line = Out(room=room.name)
    line.ask, line.nonce, line.echo = bool(ask), ask, echo
    if room.secret and echo:
        line.proof = keys.proof(room.secret, FINDING, sh.me, peer, echo)
    return line


def heard(sh: Shared, peer: str, line: Standing) -> None:
    """A peer has asked or answered."""
    room = sh.names.get(line.room)
    if room is None:
        if line.ask:
            sh.find(peer, Out(room=line.room, echo=line.nonce))
        return
    if isinstance(line, Seek | Host):
        if not is_plausible(line.epoch[0], sh.now):
            return
        room.hear_of(line.epoch[0])
    echoed = sh.now - room.nonces.get(line.echo, -NONCE_MS - 1) <= NONCE_MS
    wants = room.seeking is not None or room.hosting is not None
    again = isinstance(line, Host) and not echoed and wants
    if line.ask or again:
        nonce = next(reversed(room.nonces), "") if again else ""
        sh.find(peer, _standing(sh, room, peer, ask=nonce, echo=line.nonce), room)
    if isinstance(line, Host) and not echoed:
        return
    if room.secret and not (echoed and _has_key(sh, room, peer, line)):
        return  # others know no more than the room's name
    if room.seeking is not None:
        room.seeking.answers[peer] = Answer(line, sh.now)
        sh.grow(room)
    elif isinstance(line, Host) and room.phase is Phase.HOST:
        merging.met(sh, room, peer, line)


def _has_key(sh: Shared, room: Room, peer: str, line: Standing) -> bool:
    return keys.is_proof(line.proof, room.secret, FINDING, peer, sh.me, line.echo)


def _decide(sh: Shared, room: Room, seeking: Seeking) -> None:
    """Join a host, wait for somebody, or claim the room."""
    if room.phase is not Phase.SEEKING:
        return
    _tell_unreachable(sh, room, seeking)
    hint, seeking.hint = seeking.hint, ""
    if hint == sh.me:
        hosting.claim(sh, room)
        return
    fresh = seeking.fresh(sh.now)
    host = hint if hint and not sh.core.is_blocked(hint) else _best_host(sh, room, seeking, fresh)
    if host:
        joining.start(sh, room, host)
        return
    hosts = {peer for peer, line in fresh.items() if isinstance(line, Host)}
    if hosts - seeking.impostors:
        # One that does not take us now is a host all the same: to claim would divide the room.
        since = seeking.refused_since
        if since is not None and sh.now - since > FULL_MS:
            ending.end(sh, room, room.code, room.reason)
    elif succession.may_claim(sh, room, seeking, fresh):
        hosting.claim(sh, room)


def _tell_unreachable(sh: Shared, room: Room, seeking: Seeking) -> None:
    """Say so in words while the only host that is known of cannot be reached from here."""
    hosts = named_hosts(sh, room) if sh.now - seeking.since >= UNREACHABLE_MS else {}
    code = UNREACHABLE if hosts else ""
    if room.code not in ("", UNREACHABLE) or room.code == code:
        return
    who = " and ".join(map(sh.core.label_of, hosts))
    room.code = code
    room.reason = f"the node of {who}, which hosts the room, cannot be reached" if hosts else ""
    sh.tell(room)


def _best_host(sh: Shared, room: Room, seeking: Seeking, fresh: dict[str, Standing]) -> str:
    """The host with the most members that can be joined now; ``""`` for none."""
    hosts = [
        (-line.linked, peer)
        for peer, line in fresh.items()
        if isinstance(line, Host)
        and seeking.skipped.get(peer, 0) <= sh.now
        and Epoch(*line.epoch) != room.stuck
    ]
    return min(hosts)[1] if hosts else ""
