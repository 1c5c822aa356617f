# SPDX-License-Identifier: GPL-3.0-or-later
"""Games as PGN, by the ``chess`` library. GPL, as that library is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import chess
import chess.pgn


def export(moves: Sequence[str], headers: Mapping[str, str]) -> str:
    """The game as PGN text: ``headers`` in order, then the moves in SAN."""
    game = chess.pgn.Game()
    for name, value in headers.items():
        game.headers[name] = value
    node: chess.pgn.GameNode = game
    for text in moves:
        node = node.add_variation(chess.Move.from_uci(text))
    return str(game) + "\n"
