# SPDX-License-Identifier: MIT
"""Offers of a draw, and requests to take a move back: pure, as part of a game's fold.

Each one is open until it has exactly one outcome, which stays in the state, for both players to
see, until who made it has moved (or makes another one):

| outcome | |
|---|---|
| ``accepted``, ``declined`` | the other player has answered |
| ``passed_over`` | the other player has moved instead |
| ``withdrawn`` | who asked for a move back has moved on |
| ``expired`` | the game has ended, or the move that the draw was offered with was taken back |

Who was declined, or passed over, makes the next one of that kind after the next own move.
"""

from __future__ import annotations

from typing import Any

from goop_realtime import Refusal

OTHER = {"white": "black", "black": "white"}
KINDS = {"draw": "draw offer", "takeback": "request to take a move back"}
OPEN = "open"
_WORDS = {
    "declined": "was declined",
    "passed_over": "was answered with a move",
    "expired": "has expired",
}
"""The outcomes behind which the next offer waits for an own move."""
_STATES = {None, OPEN, "accepted", "withdrawn", *_WORDS}


class Offers:
    """What each colour has offered, by kind: nothing (``None``), ``open``, or its outcome."""

    def __init__(self, state: dict[str, Any]) -> None:
        """``state`` is a game's snapshot; that of a 0.1.0 game knows only what is open."""
        kept = state.get("offers") or {}
        self._of: dict[str, dict[str, str | None]] = {
            kind: {"white": None, "black": None} | kept.get(kind, {}) for kind in KINDS
        }
        for kind in KINDS:
            by = state.get(f"{kind}Offer")
            if by is not None:
                self._of[kind][by] = OPEN

    def snapshot(self) -> dict[str, dict[str, str | None]]:
        """``{kind: {colour: None, "open" or an outcome}}``."""
        return {kind: dict(of) for kind, of in self._of.items()}

    def by(self, kind: str) -> str | None:
        """The colour whose offer is open."""
        return next((colour for colour, is_ in self._of[kind].items() if is_ == OPEN), None)

    def refusal(self, kind: str, colour: str) -> Refusal | None:
        """Why ``colour`` may not make an offer of that kind now."""
        name, now, theirs = KINDS[kind], self._of[kind][colour], self._of[kind][OTHER[colour]]
        if kind == "draw" and theirs == OPEN:
            return None  # to offer what is offered is to accept it
        if now == OPEN:
            return Refusal(code="offer_open", reason=f"Your {name} is still open.")
        if now in _WORDS:
            reason = f"Your {name} {_WORDS[now]}: make the next one after your next move."
            return Refusal(code="offered_already", reason=reason)
        if theirs == OPEN:
            reason = "The other player asks to take a move back, too: answer that first."
            return Refusal(code="answer_first", reason=reason)
        return None

    def make(self, kind: str, colour: str) -> bool:
        """``colour`` offers. Whether both have offered a draw, and so agree."""
        of, other = self._of[kind], OTHER[colour]
        if kind == "draw" and of[other] == OPEN:
            of["white"] = of["black"] = "accepted"
            return True
        if of[other] == OPEN:
            of[other] = "expired"  # in a 0.1.0 game, where a request took the other's place
        of[colour] = OPEN
        return False

    def settle(self, kind: str, outcome: str) -> None:
        """The open offer of that kind, if there is one, has an outcome."""
        by = self.by(kind)
        if by is not None:
            self._of[kind][by] = outcome

    def moved(self, colour: str) -> None:
        """``colour`` has moved. An own draw offer goes with the move, and stays open."""
        for kind, of in self._of.items():
            if of[colour] != OPEN:
                of[colour] = None
            elif kind == "takeback":
                of[colour] = "withdrawn"
            if of[OTHER[colour]] == OPEN:
                of[OTHER[colour]] = "passed_over"

    def expire(self) -> None:
        """What is open is so no longer, and nobody has answered it."""
        for kind in KINDS:
            self.settle(kind, "expired")


def is_state(value: Any) -> bool:
    """Whether ``value``, which comes from another node, is a snapshot of ``Offers``."""
    return (
        isinstance(value, dict)
        and set(value) == set(KINDS)
        and all(
            isinstance(of, dict)
            and set(of) == set(OTHER)
            and all(one is None or (isinstance(one, str) and one in _STATES) for one in of.values())
            and list(of.values()).count(OPEN) <= 1
            for of in value.values()
        )
    )
