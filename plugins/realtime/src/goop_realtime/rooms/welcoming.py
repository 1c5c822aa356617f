# SPDX-License-Identifier: MIT
"""Host: a guest asks to join. What the two logs have in common stays, the rest is the host's."""

from __future__ import annotations

from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.rooms import ending, folding, hosting, keys, latest
from goop_realtime.rooms.lines import Challenge, Close, Join, Prove, SnapshotForm, Welcome
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.positions import Run, Runs
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import OpenRequest, Refusal

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
    if refusal is None and peer not in room.fold.members:
        refusal = hosting.admit(sh, room, peer, line.label)
    if room.hosting is None:
        return  # this node failed on that
    if refusal is not None:
        sh.note(room, "host", refusal.code, detail=f"{peer} may not join: {refusal.reason}")
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
    sh.write(link, welcome)
    latest.owe_all(room, link)
    sh.grow(room)


def _with_what(sh: Shared, room: Room, line: Join) -> Welcome | Refusal:
    """What the guest keeps, and a snapshot where it or this node has too little of the log."""
    runs = Runs(Run(*run) for run in line.runs)
    fork, last = room.fold.runs.fork(runs), room.log.last
    snapshot = None
    if fork < max(room.log.start, line.base):
        base = folding.base_of(sh, room)
        if isinstance(base, Refusal):
            return base
        snapshot = SnapshotForm(base.fold, base.state)
    return Welcome(epoch=room.epoch, fork=fork, last=last, snapshot=snapshot)


def _refusal(sh: Shared, room: Room, peer: str, line: Join) -> Refusal | None:
    """Why somebody may not be in the room, whoever is host."""
    if (line.context, line.hash) != (room.context_name, room.context.hash):
        mine, theirs = room.context.type.version or "?", line.version or "?"
        return Refusal(
            code=MISMATCH,
            reason=f"the host has {room.context_name or 'no context'} {mine}, "
            f"the guest {line.context or 'no context'} {theirs}",
        )
    if peer in room.fold.members:
        return None
    asked_for = OpenRequest(
        channel=room.handle, context=room.context_name, opener=peer, peers=(peer, sh.me)
    )
    return sh.core.authorize(asked_for)
