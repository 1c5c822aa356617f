# SPDX-License-Identifier: MIT
"""Open rooms nearby: connected nodes say which rooms they are host of, but for unlisted ones."""

from __future__ import annotations

from goop_node.types import Caller, JsonValue
from goop_realtime.model.effects import Frame
from goop_realtime.model.jsonio import encode
from goop_realtime.rooms.find_lines import MAX_LISTED, Listed, TheseRooms, WhichRooms
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Offers, Shared
from goop_realtime.types import Refusal

ASK_MS = 1000
"""How often peers are asked for the rooms of a context that somebody here watches."""
FRESH_MS = 3500
"""How long an answer counts."""
TELL_MS = 200
"""How often pages are told of changes at most."""
MAX_WATCHED = 32
"""Contexts that are asked for at a time."""


def rooms(sh: Shared, caller: Caller, context: str) -> list[dict[str, JsonValue]] | Refusal:
    """What is known at the moment; peers are asked for more."""
    refusal = barred(sh, caller, context)
    if refusal is not None:
        return refusal
    ask(sh, context)
    return known(sh, context)


def barred(sh: Shared, caller: Caller, context: str) -> Refusal | None:
    """Why the caller may not know of the rooms of a context, if it may not."""
    found = sh.core.registry.find(context) if context else None
    if context and found is None:
        return Refusal(code="unknown_context", reason="no enabled plugin serves that context")
    name = found.name if found else ""
    return None if sh.core.rights.uses(caller, name) else sh.core.rights.needed(caller, name)


def ask(sh: Shared, context: str) -> None:
    """Ask every connected peer, unless that was done just now."""
    offers = sh.offers.get(context)
    if offers is None:
        if len(sh.offers) >= MAX_WATCHED:
            del sh.offers[min(sh.offers, key=lambda one: sh.offers[one].asked_at)]
        offers = sh.offers[context] = Offers(asked_at=sh.now - ASK_MS)
    if sh.now - offers.asked_at >= ASK_MS:
        offers.asked_at = sh.now
        for peer in sh.connected:
            if not sh.core.is_blocked(peer):
                sh.find(peer, WhichRooms(context=context))


def heard(sh: Shared, peer: str, line: WhichRooms | TheseRooms) -> None:
    """A peer asks for this node's rooms, or tells of its own."""
    if isinstance(line, WhichRooms):
        mine = [_listing(room) for room in sh.names.values() if _is_open(room, line.context)]
        sh.find(peer, TheseRooms(context=line.context, rooms=mine[:MAX_LISTED]))
    elif line.context in sh.offers:
        sh.offers[line.context].by_peer[peer] = (sh.now, line.rooms)


def gone(sh: Shared, peer: str) -> None:
    """What a peer has told counts no more."""
    for offers in sh.offers.values():
        offers.by_peer.pop(peer, None)


def known(sh: Shared, context: str) -> list[dict[str, JsonValue]]:
    """The open rooms of a context, this node's own among them."""
    found = {
        room.name: _told(sh, _listing(room), sh.me)
        for room in sh.names.values()
        if _is_open(room, context)
    }
    offers = sh.offers.get(context)
    for peer, (at, told) in offers.by_peer.items() if offers else ():
        if sh.now - at <= FRESH_MS:
            for one in told:
                found.setdefault(one.room, _told(sh, one, peer))
    return [found[name] for name in sorted(found)]


def _is_open(room: Room, context: str) -> bool:
    """Whether that is a room of the context that this node tells of."""
    served = room.context_name == context or room.context.name == context
    return served and room.listed and not room.secret and room.phase is Phase.HOST


def _listing(room: Room) -> Listed:
    return Listed(
        id=room.id,
        room=room.name,
        members=len(room.fold.members),
        max_peers=room.fold.opening.max_peers,
    )


def _told(sh: Shared, one: Listed, host: str) -> dict[str, JsonValue]:
    served = sh.core.registry.find(one.room)
    return {
        "room": one.id,
        "title": served.type.title if served else one.id,
        "members": one.members,
        "maxPeers": one.max_peers,
        "host": host,
    }


def watch(sh: Shared, page_id: str, context: str, *, on: bool) -> None:
    """A page wants to hear of the open rooms of a context, or does not any more."""
    watchers = sh.watchers.setdefault(context, set())
    if on:
        watchers.add(page_id)
        ask(sh, context)
    else:
        watchers.discard(page_id)


def keep(sh: Shared) -> None:
    """As time goes by: peers are asked again, as long as somebody here watches."""
    for context, watchers in list(sh.watchers.items()):
        gone = {
            one
            for one in watchers
            if (page := sh.core.pages.get(one)) is None or not page.connected
        }
        watchers -= gone
        if not watchers:
            del sh.watchers[context]
            continue
        ask(sh, context)
        if sh.told.get(context) != known(sh, context):
            for page_id in watchers:
                tell_to(sh, page_id, context)


def tell_to(sh: Shared, page_id: str, context: str) -> None:
    """Tell one page."""
    sh.told[context] = known(sh, context)
    page = sh.core.pages.get(page_id)
    if page is not None and page.connected:
        rooms_told: list[JsonValue] = list(sh.told[context])
        body = {"type": "rooms", "context": context, "rooms": rooms_told}
        sh.out.append(Frame(page_id, encode(body), newest=f"rooms {context}"))
