# SPDX-License-Identifier: MIT
"""Host: a guest asks to join. What the two logs have in common stays, the rest is the host's."""

from __future__ import annotations

from dataclasses import replace

from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.rooms import aside, ending, folding, hosting, keys, latest, versions
from goop_realtime.rooms.lines import Challenge, Close, Join, Prove, Welcome
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.positions import Run, Runs
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

NOT_HOST = "not_host"


def asked(sh: Shared, link_id: int, peer: str, line: Join) -> None:
    """A stream's first line."""
    room = sh.names.get(line.room)
    if room is None or room.phase is not Phase.HOST or sh.core.is_blocked(peer):
        sh.turn_away(link_id, Close(code=NOT_HOST))
        return
    link = Link(id=link_id, room=room, peer=peer, heard_at=sh.now)
    link.asked = line
    sh.links[link_id] = link
    if room.secret:
        link.nonce = sh.nonce()
        proof = keys.proof(room.secret, "host", sh.me, peer, line.nonce)
        sh.write(link, Challenge(nonce=link.nonce, proof=proof))
        return
    _welcome(sh, room, link, line)


def proved(sh: Shared, link: Link, line: Prove) -> None:
    """A guest says that it has the room's key."""
    room, join = link.room, link.asked
    if join is None or link.welcomed:
        return
    if keys.is_proof(line.proof, room.secret, "guest", link.peer, sh.me, link.nonce):
        _welcome(sh, room, link, join)
    else:
        sh.note(room, "link", "wrong_key", detail=link.peer)
        ending.cut(sh, link, "wrong_key")


def _welcome(sh: Shared, room: Room, link: Link, line: Join) -> None:
    hosts, peer = room.hosting, link.peer
    link.asked = None
    if hosts is None:
        ending.cut(sh, link, NOT_HOST)
        return
    refusal = _refusal(sh, room, peer, line)
    has = versions.of_guest(room, line)
    if refusal is None and not hosting.is_listed(room, peer, has):
        refusal = hosting.admit(sh, room, peer, line.label, has)
    if room.hosting is None:
        return  # this node failed on that
    if refusal is not None:
        sh.note(room, "host", refusal.code, detail=f"{peer} may not join: {refusal.reason}")
        if refusal.code == MISMATCH:
            theirs = f"{line.context or 'no context'} {line.version}".strip()
            reason = f"{sh.core.label_of(peer)} has {theirs}, which cannot take part in this room"
            aside.note(sh, room, peer, reason)
        sh.write(link, Close(code=refusal.code, reason=refusal.reason[:300]))
        sh.drop(link)
        return
    welcome = _with_what(sh, room, line)
    if isinstance(welcome, Refusal):
        sh.note(room, "host", welcome.code, detail=f"{peer} cannot join: {welcome.reason}")
        ending.cut(sh, link, "no_state")
        return
    older = hosts.links.pop(peer, None)
    if older is not None:
        ending.cut(sh, older, "replaced")
    link.welcomed, link.heard_at = True, sh.now
    link.sent = link.acked = welcome.last if welcome.snapshot else welcome.fork
    hosts.links[peer] = link
    hosts.absent.pop(peer, None)
    aside.forget(sh, room, peer)
    sh.write(link, welcome)
    latest.owe_all(room, link)
    sh.grow(room)


def _with_what(sh: Shared, room: Room, line: Join) -> Welcome | Refusal:
    """What the guest keeps, and a snapshot where it or this node has too little of the log."""
    fork, last = _fork(room, line), room.log.last
    snapshot = None
    if _needs_state(room, fork, line):
        base = folding.base_of(sh, room)
        if isinstance(base, Refusal):
            return base
        snapshot = versions.snapshot_of(room, base)
    return Welcome(epoch=room.epoch, fork=fork, last=last, snapshot=snapshot)


def _fork(room: Room, line: Join) -> int:
    return room.fold.runs.fork(Runs(Run(*run) for run in line.runs))


def _needs_state(room: Room, fork: int, line: Join) -> bool:
    """Whether the entries above the fork are not to be had here, or not to be folded there."""
    return fork < max(room.log.start, line.base) or versions.needs_state(room, fork, line)


def _refusal(sh: Shared, room: Room, peer: str, line: Join) -> Refusal | None:
    """Why somebody may not be in the room, whoever is host."""
    refusal = versions.refusal(sh, room, peer, line)
    if refusal is None and _needs_state(room, _fork(room, line), line):
        refusal = versions.unreadable(room, line)
    if refusal is not None:
        return refusal
    if peer in room.fold.members:
        return None
    return sh.core.authorize(replace(room.request, opener=peer, peers=(peer, sh.me)))
