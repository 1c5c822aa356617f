# SPDX-License-Identifier: MIT
"""The rematch of a game: its name follows from the game's, so two who ask for it ask for one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from goop_chess.games import StoredGame

LONGEST = 100
"""Rematches in a row that are looked through."""


def rematch_of(stored: StoredGame, find: Callable[[str, str], StoredGame | None]) -> str:
    """The context of the next game between the two: the first in the row that is not over.

    Both nodes know the same games, so they come to the same name. ``find`` takes a game and a peer.
    """
    name = stored.game
    for _ in range(LONGEST):
        name = "chess_" + hashlib.sha256(f"rematch of {name}".encode()).hexdigest()[:16]
        later = find(name, stored.peer)
        if later is None or not _over(later):
            break
    return name


def _over(stored: StoredGame) -> bool:
    state = stored.state
    return bool(state["reason"] or state.get("abandonedBy") or stored.abandoned)
