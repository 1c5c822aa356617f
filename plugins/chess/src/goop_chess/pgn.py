# SPDX-License-Identifier: GPL-3.0-or-later
"""Games as PGN, by the ``chess`` library. GPL, as that library is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import chess
import chess.pgn

MAX_TAG = 200
"""Characters of a tag's value, so that its line stays within the 255 of the export format."""


def tag_value(text: str) -> str:
    """``text`` as the inside of a string token (PGN standard, section 7).

    A quote and a backslash get a backslash before them; what cannot be printed is left out.
    """
    printable = "".join(c for c in text if c.isprintable())[:MAX_TAG]
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def export(moves: Sequence[str], headers: Mapping[str, str]) -> str:
    """The game as PGN text: ``headers`` in order, then the moves in SAN."""
    game = chess.pgn.Game()
    for name, value in headers.items():
        game.headers[name] = tag_value(value)  # the library writes it as it is
    node: chess.pgn.GameNode = game
    for text in moves:
        node = node.add_variation(chess.Move.from_uci(text))
    return str(game) + "\n"
