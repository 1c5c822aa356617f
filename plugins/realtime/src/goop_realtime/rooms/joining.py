# SPDX-License-Identifier: MIT
"""Guest: a stream to the host is opened, the host says what of the log stays, and the rest comes.

The host's log counts. What of our own messages it has not comes into the outbox again.
"""

from __future__ import annotations

from goop_realtime.contexts.channel_session import PluginFailure
from goop_realtime.model.effects import CloseLink
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.model.wire import MAX_VERSION
from goop_realtime.rooms import aside, ending, following, keys, rewinding, seeking, versions
from goop_realtime.rooms.find_lines import Host
from goop_realtime.rooms.lines import Challenge, Close, Join, Prove, Welcome
from goop_realtime.rooms.links import LOST_MS, Link
from goop_realtime.rooms.positions import Epoch, Run, Runs, is_plausible
from goop_realtime.rooms.records import OpenRoomLink
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal

PASSING = frozenset(
    ("not_host", "moved", "replaced", "slow", "too_fast", "left", "no_state", "malformed_json")
)
"""Codes with which a host ends a stream that say nothing against this node."""


def start(sh: Shared, room: Room, peer: str) -> None:
    """A host has answered: open a stream to it."""
    if room.seeking is not None:
        answer = room.seeking.answers.get(peer)
        if answer is not None and isinstance(answer.line, Host):
            versions.suit(sh, room, answer.line.version)
        room.phase = Phase.JOINING
        room.seeking.joins, room.seeking.joins_since = peer, sh.now
        sh.out.append(OpenRoomLink(room.handle, peer))


def opened(sh: Shared, room: Room | None, handle: str, peer: str, link_id: int) -> None:
    """The stream is there: say what this node has."""
    wanted = room.seeking if room is not None and room.phase is Phase.JOINING else None
    if room is None or wanted is None or wanted.joins != peer or room.link is not None:
        sh.out.append(CloseLink(link_id, drain=False, channel=handle))
        return
    link = room.link = sh.links[link_id] = Link(link_id, room, peer, heard_at=sh.now)
    link.nonce = sh.nonce() if room.secret else ""
    sh.write(
        link,
        Join(
            room=room.name,
            runs=list(room.fold.runs),
            base=room.log.start,
            context=room.context_name,
            hash=room.context.hash,
            version=room.context.type.version[:MAX_VERSION],
            types=sorted(room.context.messages) if room.context.hash else None,
            label=sh.core.label_of(sh.me)[:256],
            nonce=link.nonce,
        ),
    )


def keep(sh: Shared, room: Room) -> None:
    """A stream that does not open in time is given up."""
    wanted = room.seeking
    if wanted is not None and room.link is None and sh.now - wanted.joins_since >= LOST_MS:
        seeking.failed(sh, room, wanted.joins, "unreachable")


def challenged(sh: Shared, link: Link, line: Challenge) -> None:
    """The host wants the room's key proved, and proves that it has it."""
    room = link.room
    if keys.is_proof(line.proof, room.secret, "host", link.peer, sh.me, link.nonce):
        link.nonce = ""  # proved
        mine = keys.proof(room.secret, "guest", sh.me, link.peer, line.nonce)
        sh.write(link, Prove(proof=mine))
    else:
        _impostor(sh, link)


def _impostor(sh: Shared, link: Link) -> None:
    room = link.room
    sh.drop(link, drain=False)
    if room.link is link and room.seeking is not None:
        room.seeking.impostors.add(link.peer)
        seeking.failed(sh, room, link.peer, "wrong_key", skip_ms=seeking.GRACE_MS)


def turned_away(sh: Shared, link: Link, line: Close) -> None:
    """The host has ended the stream before its welcome."""
    room, code = link.room, line.code
    wanted = room.seeking
    sh.links.pop(link.id, None)
    if room.link is not link or wanted is None:
        return
    if code in PASSING or not code:
        seeking.failed(sh, room, link.peer, code or "closed")
    elif not room.log.last:
        ending.end(sh, room, code, line.reason)
    elif code == MISMATCH:
        aside.stand(sh, room, link.peer, line.reason)
    else:
        room.code, room.reason = code, line.reason
        if wanted.refused_since is None:
            wanted.refused_since = sh.now
        seeking.failed(sh, room, link.peer, code, skip_ms=seeking.REFUSED_MS)


def welcomed(sh: Shared, link: Link, line: Welcome) -> None:
    """The host's log counts from here on: all of it in one step, and so in one commit."""
    room = link.room
    if room.link is not link or link.welcomed or room.seeking is None:
        return
    if room.secret and link.nonce:
        _impostor(sh, link)
        return
    epoch, fits = Epoch(*line.epoch), room.log.start <= line.fork <= room.log.last
    snapshot = line.snapshot
    newest = Runs(Run(*run) for run in snapshot.fold.runs).last.epoch if snapshot else epoch
    plausible = all(is_plausible(one.number, sh.now) for one in (epoch, newest))
    if epoch.host != link.peer or not (fits or snapshot) or not plausible:
        sh.drop(link)
        seeking.failed(sh, room, link.peer, "malformed_json", skip_ms=seeking.GRACE_MS)
        return
    base = None if snapshot is None else versions.read(sh, room, snapshot)
    if isinstance(base, Refusal) and not isinstance(base, PluginFailure):
        aside.tell_host(sh, link, base.reason)
        aside.stand(sh, room, link.peer, base.reason)
        return
    versions.settle(sh, room)
    link.welcomed, link.until, link.acked = True, line.last, -1
    link.progress_at = sh.now
    room.phase, room.seeking = Phase.GUEST, None
    room.epoch, room.last_host = epoch, epoch.host
    if room.code != MISMATCH:  # else it is not over before this node has all of the log
        room.code = room.reason = ""
    room.newest.keep_only(
        {sh.me}
    )  # the host tells of the others, some of which may have lost theirs
    room.hear_of(epoch.number)
    # The host tells all values that count; one of somebody else that it has not is past.
    room.newest.drop(key for key in room.newest.values if key.author != sh.me)
    if isinstance(base, Refusal):
        refusal: Refusal | None = base
    elif base is not None:
        refusal = rewinding.begin_at(sh, room, base, min(line.fork, room.log.last))
    else:
        refusal = rewinding.cut(sh, room, line.fork)
    if refusal is not None:
        ending.fail(sh, room, refusal)
        return
    sh.tell(room)
    following.catch_up(sh, link)
