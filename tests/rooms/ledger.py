# SPDX-License-Identifier: MIT
"""What must hold of all that pages were told, once nothing happens any more.

The numbers are those of the rules in ``ARCHITECTURE.md``. That no page is told anything twice or
behind something later of its author (S1, S2), ``RoomView`` checks as it is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from goop_realtime.rooms.positions import Position
from goop_realtime.testing.seen import demand
from tests.rooms.player import Player


def is_at_rest(players: Sequence[Player]) -> str:
    """Empty where all are in one room with one host (R1, R5) and wait for nothing; else who is
    not."""
    hosts = {player.host for player in players}
    for player in players:
        if not player.is_in:
            return f"{player.name} is {player.row}"
        if player.unsettled or player.view.asked:
            waiting = player.unsettled or sorted(player.view.asked)
            return f"{player.name} waits for {len(waiting)} messages, {waiting[:3]}"
        if player.members != {one.node.peer_id for one in players}:
            return f"{player.name} sees the members {player.members}"
    if len(hosts) > 1:
        return f"there are the hosts {hosts}"
    said = _log(players)
    for player in players:
        missing = [
            one for one in said if one.seq > player.view.start and not _has(player, one, said)
        ]
        if missing:
            which = f"from {missing[0]} to {missing[-1]} of {list(player.view.runs)}"
            return f"{player.name} lacks {len(missing)} messages, {which} (R3)"
    return ""


def _log(players: Sequence[Player]) -> dict[Position, tuple[str, str]]:
    """What any page was told of the log as it is now, in its order."""
    runs = max((player.view.runs for player in players), key=lambda one: one.last.seq)
    told = {position: what for player in players for position, what in player.told.items()}
    return {one: told[one] for one in sorted(told) if runs.place(one.seq) == one}


def _has(player: Player, position: Position, said: dict[Position, tuple[str, str]]) -> bool:
    author, message_id = said[position]
    if message_id.rpartition("-")[0] == player.id:
        return True
    return player.told.get(position) == (author, message_id)


def judge(players: Sequence[Player]) -> int:
    """Compare everything; how many messages there were. Raises ``Violation``."""
    content: dict[Position, tuple[str, str]] = {}
    for player in players:
        for position, what in player.told.items():
            known = content.setdefault(position, what)
            demand(known == what, f"{position} is {known} and {what}")  # S4
    said = _log(players)
    places: dict[str, Position] = {}
    for position, (_, message_id) in said.items():
        other = places.setdefault(message_id, position)
        demand(other == position, f"{message_id} is at {other} and {position}")
    for player in players:
        given = [one.position for one in player.view.given]
        demand(given == sorted(set(given)), f"{player.name} was told in another order")
        for view in (*player.former, player.view):
            for message_id, own in view.own.items():
                placed = message_id in places or _is_whispered(players, message_id)
                _accounted(player, message_id, own.fate, placed=placed)
    return len(said)


def _is_whispered(players: Sequence[Player], message_id: str) -> bool:
    """R7: one other page was told it, and no more."""
    told = [player.name for player in players if message_id in player.whispers]
    demand(len(told) <= 1, f"{message_id} is for one alone, and was told {told}")
    return bool(told)


def _accounted(player: Player, message_id: str, fate: str, *, placed: bool) -> None:
    """R2: a message has its place, or its page was told that it has none, or may have none."""
    unknown = fate in ("lost", "left", "full")
    demand(
        unknown or placed != bool(fate),
        f"{message_id} of {player.name} {'is ' + fate if fate else 'has no place'}",
    )
