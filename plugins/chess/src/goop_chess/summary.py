# SPDX-License-Identifier: MIT
"""How a game stands for one of its players, in a line (pure)."""

from __future__ import annotations

import re

from goop_chess import abandoning
from goop_chess.session import ChessSession
from goop_realtime import Summary

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_REASONS = {
    "insufficient_material": "insufficient material",
    "fifty_moves": "fifty moves without progress",
    "time_no_material": "time, as what is left cannot mate",
}


def summary(session: ChessSession, peer: str, opponent: str) -> Summary:
    """The game for the player ``peer``, whose ``opponent`` is called so."""
    mine = "white" if session.players["white"] == peer else "black"
    theirs = "black" if mine == "white" else "white"
    opponent = _CONTROLS.sub("", opponent)[:80]
    if session.over:
        return Summary(text=f"Game over: {_outcome(session, mine)}", ended=True)
    if session.abandoned_by == mine:
        return Summary(text="You have abandoned this game", ended=True)
    if session.abandoned_by == theirs:
        return Summary(text=f"{opponent} has abandoned this game: it is yours to end", waiting=True)
    if session.offers.by("draw") == theirs:
        return Summary(text=f"{opponent} offers a draw", waiting=True)
    if session.offers.by("takeback") == theirs:
        return Summary(text=f"{opponent} asks to take a move back", waiting=True)
    if session.position.turn == mine:
        return Summary(text="Your move", waiting=True)
    return Summary(text=f"{opponent}'s move")


def _outcome(session: ChessSession, mine: str) -> str:
    """``you won by checkmate``."""
    reason = str(session.reason)
    if session.result == "*":
        if reason == abandoning.REASON:
            return "abandoned by both"
        return "aborted" if reason == "abort" else _words(reason)
    if session.result == "1/2-1/2":
        return "stalemate" if reason == "stalemate" else f"draw by {_words(reason)}"
    won = session.result == ("1-0" if mine == "white" else "0-1")
    how = "on time" if reason == "time" else f"by {_words(reason)}"
    return f"you {'won' if won else 'lost'} {how}"


def _words(reason: str) -> str:
    return _REASONS.get(reason, reason.replace("_", " "))
