# SPDX-License-Identifier: MIT
"""The clocks of a game: pure, as part of its fold. ``docs/chess-clocks.md`` is the rule in words.

Each move carries what its author's node measured, in ms: ``spent`` on this move; and of the wait
for the other's last one, how much had ``passed`` here, and how much of that it has ``seen`` the
other being able to move. A move is charged what its own node measured, within these bounds, and
the bounds come with the answer: until then the charge is provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goop_node.types import JsonValue
from goop_realtime import Refusal

COLOURS = ("white", "black")
LAG_MS = 5_000
"""What may be on the way, per move, beyond what the mover's node measured."""
MAX_MS = 10**11
DAY_MS = 24 * 3600 * 1000
FIRST_MOVES = 2
"""Half-moves that cost nothing: a game begins when both have come to the board."""


def control_of(params: JsonValue) -> dict[str, Any] | None:
    """The time control that an invitation proposes (``params`` have passed their schema)."""
    proposed: Any = params.get("clock") if isinstance(params, Mapping) else None
    if not isinstance(proposed, Mapping):
        return None
    # To a schema 5.0 is an integer; to us it is 5.
    return {name: value if name == "kind" else int(value) for name, value in proposed.items()}


def stamp_of(data: Mapping[str, Any]) -> dict[str, int] | None:
    """What its author's node measured, of a move or a claim; ``None`` where it has not."""
    stamp = data.get("clock")
    return None if stamp is None else {name: int(value) for name, value in stamp.items()}


def pgn_tag(control: Mapping[str, Any] | None) -> str:
    """The value of PGN's tag ``TimeControl`` (standard, section 9.6.1)."""
    if control is None:
        return "-"
    if control["kind"] == "correspondence":
        return f"1/{control['days'] * 86400}"
    increment = control["increment"]
    return f"{control['seconds']}+{increment}" if increment else str(control["seconds"])


class Clock:
    """Both players' clocks. ``left`` is in ms; at 0 or below the flag may be claimed."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """``state`` is a snapshot, or only the time control of a new game."""
        self.control: dict[str, Any] = dict(state["control"])
        self.left: dict[str, int] = dict(
            state.get("left") or {colour: self._whole() for colour in COLOURS}
        )
        self._open: dict[str, Any] | None = state.get("open")
        self.last: dict[str, Any] | None = state.get("last")

    def snapshot(self) -> dict[str, Any]:
        """``open`` is the last move while its charge is provisional, ``last`` the last settled."""
        return {
            "control": self.control,
            "left": dict(self.left),
            "open": self._open,
            "last": self.last,
        }

    def _whole(self) -> int:
        if self.control["kind"] == "correspondence":
            return int(self.control["days"]) * DAY_MS
        return int(self.control["seconds"]) * 1000

    def _behind(self, before: int, charge: int) -> int:
        """What is left of ``before`` after a move. A flag that has fallen stays so."""
        left = before - charge
        if left <= 0:
            return left
        if self.control["kind"] == "correspondence":
            return self._whole()
        return left + int(self.control["increment"]) * 1000

    def moved(self, colour: str, plies: int, stamp: Mapping[str, int]) -> None:
        """``colour`` has made the move behind ``plies`` half-moves."""
        self._settle(stamp)
        self._open = None
        if plies >= FIRST_MOVES:
            before, spent = self.left[colour], stamp["spent"]
            self._open = {"by": colour, "before": before, "spent": spent}
            self.left[colour] = self._behind(before, spent)

    def _settle(self, stamp: Mapping[str, int]) -> None:
        """The other player's node says what it saw of the last move: now its charge is final."""
        if self._open is not None:
            by, spent = self._open["by"], self._open["spent"]
            charged = charge(spent, stamp["passed"], stamp["seen"])
            self.left[by] = self._behind(self._open["before"], charged)
            self.last = {"by": by, "spent": spent, "seen": stamp["seen"], "charged": charged}
            self._open = None

    def taken_back(self) -> None:
        """Moves were taken back: what they took is not given back, and nobody bounds it."""
        self._open = None

    def fell(self, of: str) -> None:
        """The time of ``of`` is over, as both nodes agree."""
        self._open = None
        self.left[of] = min(0, self.left[of])

    def out(self, of: str, by: str, turn: str, plies: int, stamp: Mapping[str, int]) -> bool:
        """Whether the time of ``of`` has run out, as ``by`` says, with its node's ``stamp``."""
        if of != turn:
            return by != of and self._settled_left(of, stamp) <= 0
        if plies < FIRST_MOVES:
            return False
        used = stamp["spent"] if by == of else stamp["seen"] - LAG_MS
        return self.left[of] - max(0, used) <= 0

    def _settled_left(self, of: str, stamp: Mapping[str, int]) -> int:
        if self._open is None or self._open["by"] != of:
            return self.left[of]
        charged = charge(self._open["spent"], stamp["passed"], stamp["seen"])
        return self._behind(self._open["before"], charged)


def charge(spent: int, passed: int, seen: int) -> int:
    """What a move costs (ms): what its own node measured, within what the other one saw."""
    return max(min(spent, passed), seen - LAG_MS, 0)


def missing_stamp() -> Refusal:
    """A move, or a claim, of a game with clocks that has no time on it."""
    reason = "In a game with clocks the node puts the time on each move, and there is none."
    return Refusal(code="no_time", reason=reason, pointer="/clock")


def refuse_claim(of: str) -> Refusal:
    """A claim before its time."""
    reason = f"{of.capitalize()} has time left, as far as the two nodes can tell."
    return Refusal(code="time_left", reason=reason)


def is_state(value: Any) -> bool:
    """Whether ``value``, which comes from another node, is a snapshot of ``Clock``."""
    if not isinstance(value, dict) or set(value) != {"control", "left", "open", "last"}:
        return False
    return (
        _is_control(value["control"])
        and _has(value["left"], COLOURS)
        and all(_is_ms(left, low=-MAX_MS) for left in value["left"].values())
        and (value["open"] is None or _is_move(value["open"], "before", "spent"))
        and (value["last"] is None or _is_move(value["last"], "spent", "seen", "charged"))
    )


def _has(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and set(value) == set(names)


def _is_ms(value: Any, low: int = 0) -> bool:
    return type(value) is int and low <= value <= MAX_MS


def _is_move(value: Any, *times: str) -> bool:
    if not _has(value, ("by", *times)) or value["by"] not in COLOURS:
        return False
    return all(_is_ms(value[name], -MAX_MS if name == "before" else 0) for name in times)


def _is_control(value: Any) -> bool:
    if _has(value, ("kind", "days")):
        return value["kind"] == "correspondence" and _whole_in(value["days"], 1, 14)
    return (
        _has(value, ("kind", "seconds", "increment"))
        and value["kind"] == "fischer"
        and _whole_in(value["seconds"], 1, 10_800)
        and _whole_in(value["increment"], 0, 180)
    )


def _whole_in(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high
