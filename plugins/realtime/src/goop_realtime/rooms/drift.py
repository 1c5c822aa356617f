# SPDX-License-Identifier: MIT
"""Nobody drifts unnoticed: members tell the host a hash of their Session's state.

All compute it at the same entries, and a guest also where it is when little happens. A difference
is named, and ends nothing unless the context says so.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from goop_realtime.rooms import ending
from goop_realtime.rooms.lines import Ack, Drift
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

EVERY = 64
"""At which entries everybody computes the hash: those whose number it divides."""
TELL_MS = 1000
"""How often a guest tells one at most."""
KEPT = 16
"""How many are remembered."""


class Drifted(Exception):
    """Two members have the same log, and another state."""


def note_state(sh: Shared, room: Room) -> None:
    """The log has grown by an entry at which the hash is computed."""
    if room.log.last % EVERY == 0:
        _state(sh, room)


def _state(sh: Shared, room: Room) -> str:
    """The hash behind the last entry; ``""`` where there is no state."""
    seq, known = room.log.last, room.states
    if seq not in known:
        if room.session is None or room.session.keeps_nothing:
            return ""
        state = room.session.snapshot()
        if isinstance(state, Refusal):
            return ""
        encoded = msgspec.json.encode(state, order="sorted")
        known[seq] = sha256(encoded).hexdigest()[:32]
        if len(known) > KEPT:
            del known[next(iter(known))]
    return known[seq]


def told(sh: Shared, room: Room) -> tuple[int, str]:
    """What a guest tells with its ack: an entry and the hash behind it, or nothing.

    In a busy room the host is ahead of us: there the newest that everybody has computed serves.
    """
    if sh.now - room.state_told_at < TELL_MS:
        return 0, ""
    busy = room.log.last - room.state_told > EVERY
    seq = max((one for one in room.states if one % EVERY == 0), default=0) if busy else 0
    state = room.states[seq] if seq > room.state_told else _state(sh, room)
    seq = seq if seq > room.state_told else room.log.last
    if not state or seq == room.state_told:
        return 0, ""
    room.state_told, room.state_told_at = seq, sh.now
    return seq, state


def compare(sh: Shared, link: Link, line: Ack) -> None:
    """Host: does the guest come to the same state?"""
    room = link.room
    has = room.fold.versions
    if not line.state or link.drifted or has.get(link.peer) != has.get(sh.me):
        return  # each version has its own form of state
    ours = room.states.get(line.at)
    if ours is None and line.at == room.log.last:
        ours = _state(sh, room)
    if ours and ours != line.state:
        link.drifted = True
        sh.write(link, Drift(at=line.at))
        name(sh, room, link.peer, line.at)


def drifted(sh: Shared, link: Link, line: Drift) -> None:
    """Guest: the host has come to another state."""
    room = link.room
    if link.drifted:
        return
    link.drifted = True
    name(sh, room, link.peer, line.at)
    if room.context.type.ends_on_drift:
        reason = f"behind entry {line.at} the host has another state of {room.context_name}"
        ending.end(sh, room, "diverged", reason, keep=True)


def name(sh: Shared, room: Room, peer: str, seq: int) -> None:
    """Say which plugin, room and entry it is about."""
    at = room.fold.runs.place(seq)
    about = f"{room.handle} at {at.epoch.number}:{at.epoch.host}:{seq}"
    error = Drifted(f"this node and {peer} have different states behind the same log")
    sh.note(room, "plugin", "drifted", detail=f"{room.context.plugin}: {error}, {about}")
    sh.core.report(room.context.plugin, error, f"the Session of {room.context_name}", None, about)
