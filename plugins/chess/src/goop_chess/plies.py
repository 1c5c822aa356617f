# SPDX-License-Identifier: GPL-3.0-or-later
"""A game half-move by half-move, by the ``chess`` library. GPL, as that library is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import chess

PORTION = 400
"""Half-moves of one answer: what takes some twenty milliseconds."""


class Ply(TypedDict):
    """A half-move and the position that it led to; ``check`` says whether a king is in check."""

    uci: str
    san: str
    fen: str
    check: bool


def plies(moves: Sequence[str], after: int) -> list[Ply]:
    """The half-moves behind the first ``after`` of a game, at most ``PORTION`` of them."""
    board = chess.Board()
    found: list[Ply] = []
    for count, text in enumerate(moves[: after + PORTION]):
        move = chess.Move.from_uci(text)
        if count < after:
            board.push(move)
            continue
        san = board.san_and_push(move)
        found.append(Ply(uci=text, san=san, fen=board.fen(), check=board.is_check()))
    return found
