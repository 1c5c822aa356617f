# SPDX-License-Identifier: MIT
"""Leaving a game for good, as part of its fold (pure).

| who says it | message | what follows |
|---|---|---|
| a player of a game that has hardly begun | ``abandon`` | it is called off, as by ``abort`` |
| a player | ``abandon`` | that player has left: the game waits for the other one |
| who is left | ``abandon_claim`` with ``win`` or ``draw`` | it has ended so, by ``abandonment`` |
| who is left | ``abandon`` | it has ended without a result, by ``abandonment`` |
| who is left, or has left | ``resign`` | the other one has won |

Nothing else but chat comes behind it: who has left does not return, and offers are void. A page
that is closed, or a node that is away, says nothing of the kind, and leaves the game as it is.
"""

from __future__ import annotations

from goop_realtime import Refusal

MESSAGES = ("abandon", "abandon_claim")
REASON = "abandonment"
_OTHER = {"white": "black", "black": "white"}
_WINS = {"white": "1-0", "black": "0-1"}


def refusal(left: str | None, kind: str, colour: str) -> Refusal | None:
    """Why ``colour`` may not say ``kind``; ``left`` is the colour that has abandoned the game."""
    if kind == "abandon_claim" and left != _OTHER[colour]:
        reason = "Your opponent has not abandoned this game."
        return Refusal(code="nothing_to_claim", reason=reason)
    if left is None or kind == "resign":
        return None
    if left == colour:
        return Refusal(code="game_abandoned", reason="You have abandoned this game.")
    if kind in MESSAGES:
        return None
    reason = "Your opponent has abandoned this game: claim the win, or call it a draw."
    return Refusal(code="game_abandoned", reason=reason)


def claimed(claim: str, colour: str) -> str:
    """The result where ``colour``, who is left, claims a ``win`` or a ``draw``."""
    return _WINS[colour] if claim == "win" else "1/2-1/2"


def is_state(left: object, result: str, reason: str | None) -> bool:
    """Whether a state from elsewhere can say so: who has left, and how the game ended behind it."""
    if left not in (None, *_OTHER):
        return False
    if reason == REASON:
        return left in _OTHER and result in (_WINS[_OTHER[str(left)]], "1/2-1/2", "*")
    return left is None or reason in (None, "resignation")
