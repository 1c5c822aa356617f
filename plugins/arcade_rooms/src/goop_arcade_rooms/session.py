# SPDX-License-Identifier: MIT
"""A game's Session: who is in the room, the rounds, and what each may say of them.

The host of the room is the referee: only its page's words begin a round, bring a wave, say what was
hit and when it is over. In a channel of two the opener is. Outside of rounds positions and shots
are anybody's, since a page of another author's making may play by rules that this node does not
know; only how many shots there are in a second is bounded then, too.
"""

from __future__ import annotations

from typing import Any

from goop_arcade_rooms import announcements
from goop_arcade_rooms.rounds import Rounds
from goop_arcade_rooms.rules import SHIP_WIDTH, SHIP_Y, SHIPS, TICKS, WIDTH
from goop_arcade_rooms.ships import Pace, Ship, Shot, reach
from goop_node.types import JsonValue
from goop_realtime import (
    Joined,
    Left,
    LogEntry,
    Message,
    OpenRequest,
    Refusal,
    RoomSession,
    Snapshot,
)

KEPT_LEFT = 64
"""Of so many who have left it is known that they were here."""
NOT_REFEREE = Refusal(
    code="not_referee", reason="only the host of the room is the referee of its game"
)
OUTSIDE = Refusal(code="outside", reason="that is outside of the field where ships are")
TELEPORT = Refusal(code="teleport", reason="no ship gets there that fast", pointer="/x")
TOO_OFTEN = Refusal(code="too_often", reason="no ship shoots that often")


class ArcadeSession(RoomSession):
    """The fold over one room's log, or one channel's."""

    def __init__(self, request: OpenRequest, state: Any = None) -> None:
        self._opener = request.opener
        state = state or {}
        self.rounds = Rounds.of(state["rounds"]) if state else Rounds()
        self._members: dict[str, str] = dict(state.get("members", {}))
        self._left: dict[str, str] = dict(state.get("left", {}))
        self._ready: dict[str, int] = dict(state.get("ready", []))
        self._paces = {peer: Pace(*form) for peer, form in state.get("paces", {}).items()}

    def snapshot(self) -> JsonValue:
        """All of it, which pages are shown, too.

        ``ready``: who is, in that order, and since when by their own clocks; ``members`` and
        ``left`` (during or since the last round): what people call themselves, by peer id.
        """
        return {
            "rounds": self.rounds.form(),
            "members": dict(self._members),
            "left": dict(self._left),
            "ready": [[peer, at] for peer, at in self._ready.items()],
            "paces": {peer: pace.form() for peer, pace in self._paces.items()},
        }

    # What may come

    def check(self, message: LogEntry) -> Refusal | None:
        """``None`` where ``message`` may come next, else why not."""
        if not isinstance(message, Message):
            return None
        said = message.fields
        match said["type"]:
            case "ready":
                return None
            case "position":
                return self._refuse_place(message.sender, said)
            case "shoot":
                return self._refuse_shot(message, said)
        if not self._is_referee(message):
            return NOT_REFEREE
        match said["type"]:
            case "start":
                known = {**self._members, **self._left}
                return announcements.refuse_start(self.rounds, known, said)
            case "wave":
                return announcements.refuse_wave(self.rounds, said)
            case "hit":
                return announcements.refuse_hit(self.rounds, said)
            case "over":
                return announcements.refuse_over(self.rounds, self._members, said)
        return None

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Whether a ship may be there, and whose clock counts."""
        said = message.fields
        if said["type"] == "clock":
            return None if self._is_referee(message) else NOT_REFEREE
        refusal = self._refuse_place(message.sender, said)
        ship = self._ship(message.sender)
        if refusal is not None or ship is None or previous is None:
            return refusal
        if ship.ready_ms is not None and previous.sent_at_ms <= ship.ready_ms:
            return None  # that was where the ship stood in the round before
        gone = abs(message.sent_at_ms - previous.sent_at_ms)
        if abs(said["x"] - previous.fields["x"]) > reach(gone * TICKS / 1000):
            return TELEPORT
        return None

    def _is_referee(self, message: Message) -> bool:
        if message.host or not self._members:
            return message.sender == (message.host or self._opener)
        return True  # nobody is host just now; who becomes it asks again

    def _ship(self, peer: str) -> Ship | None:
        return self.rounds.ships.get(peer) if self.rounds.playing else None

    def _refuse_place(self, peer: str, said: Any) -> Refusal | None:
        if self._ship(peer) is None:
            return None
        inside = 0 <= said["x"] <= WIDTH - SHIP_WIDTH and said["y"] == SHIP_Y
        return None if inside else OUTSIDE

    def _refuse_shot(self, message: Message, said: Any) -> Refusal | None:
        peer, at_ms = message.sender, message.sent_at_ms
        playing = self.rounds.playing
        pace = self._paces.get(peer, Pace())
        if not playing:
            return None if pace.allows(at_ms, in_round=False) else TOO_OFTEN
        ship, tick = self._ship(peer), said.get("tick")
        if ship is None:
            return Refusal(code="no_ship", reason="they have no ship in this round")
        if tick is None:
            reason = "a shot says when it was fired: its tick is missing"
            return Refusal(code="no_time", reason=reason)
        if ship.is_gone(tick):
            return Refusal(code="no_ship", reason="their last ship is gone")
        if not (0 <= said["x"] <= WIDTH and said["y"] == SHIP_Y):
            return OUTSIDE
        if ship.reloads(tick) or not pace.allows(at_ms, in_round=True):
            return TOO_OFTEN
        return None if ship.could_shoot_from(tick, said["x"], at_ms) else TELEPORT

    # What has come

    def apply(self, message: LogEntry) -> None:
        """Take ``message`` in."""
        match message:
            case Joined(peer=peer, label=label):
                self._members[peer] = label
                self._left.pop(peer, None)
            case Left(peer=peer):
                self._left[peer] = self._members.pop(peer, "")
                if len(self._left) > KEPT_LEFT:
                    del self._left[next(iter(self._left))]
                self._ready.pop(peer, None)
                self._paces.pop(peer, None)
                if peer in self.rounds.ships:
                    self.rounds.ships[peer].leaves()
            case Message():
                self._take(message, message.fields)

    def _take(self, message: Message, said: Any) -> None:
        rounds = self.rounds
        match said["type"]:
            case "ready" if not rounds.playing:
                self._ready.pop(message.sender, None)
                if said["ready"]:
                    self._ready[message.sender] = message.sent_at_ms
            case "shoot":
                self._shoot(message, said)
            case "start":
                self._start(message, said)
            case "wave":
                rounds.begin_wave(said["wave"], said["tick"])
            case "hit":
                rounds.hit(said)
            case "over":
                rounds.end(said["reason"], said["tick"], message.sent_at_ms)
                self._ready.clear()
        if said["type"] in ("wave", "hit"):
            rounds.told = (max(rounds.told[0], said["tick"]), message.sent_at_ms)

    def _shoot(self, message: Message, said: Any) -> None:
        peer, at_ms = message.sender, message.sent_at_ms
        pace = self._paces.setdefault(peer, Pace())
        pace.take(at_ms, in_round=self.rounds.playing)
        ship = self._ship(peer)
        if ship is not None:
            ship.shoots(said["tick"], Shot(said["x"], at_ms))

    def _start(self, message: Message, said: Any) -> None:
        names = {**self._left, **self._members}
        ships = {
            peer: Ship(peer, slot, names.get(peer, ""), self._ready.get(peer))
            for slot, peer in enumerate(said["ships"][:SHIPS])
        }
        self.rounds.start(message.id, said["mode"], said["seed"], ships, message.sent_at_ms)
        self._ready.clear()
        self._left = {peer: name for peer, name in self._left.items() if peer in ships}


def open_session(request: OpenRequest, snapshot: Snapshot | None) -> ArcadeSession:
    """The Session at its log's beginning, or behind ``snapshot``."""
    return ArcadeSession(request, None if snapshot is None else snapshot.state)
