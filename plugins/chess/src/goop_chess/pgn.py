# SPDX-License-Identifier: GPL-3.0-or-later
"""Games as PGN, by the ``chess`` library. GPL, as that library is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import chess
import chess.pgn

from goop_chess.pgn_tags import JOINERS

MAX_TAG = 200
"""Bytes of a tag's value as it is written: its line stays within the 255 of the standard (4.3)."""

COLUMNS = 80
"""Of a line of moves (8.2.1)."""
UNKNOWN = "?"
"""A value that is not known, or of which nothing can be printed (8.1.1)."""


def tag_value(text: str) -> str:
    """``text`` as the inside of a string token (PGN standard, section 7).

    A quote and a backslash get a backslash before them; what cannot be printed is left out.
    """
    written, room = "", MAX_TAG
    for char in text:
        if not (char.isprintable() or char in JOINERS):
            continue
        char = f"\\{char}" if char in '\\"' else char
        room -= len(char.encode())
        if room < 0:
            break
        written += char
    return written


def export(moves: Sequence[str], headers: Mapping[str, str]) -> str:
    """The game as PGN text: ``headers`` in order, then the moves in SAN."""
    game = chess.pgn.Game()
    for name, value in headers.items():
        game.headers[name] = tag_value(value) or UNKNOWN  # the library writes it as it is
    node: chess.pgn.GameNode = game
    for text in moves:
        node = node.add_variation(chess.Move.from_uci(text))
    return game.accept(chess.pgn.StringExporter(columns=COLUMNS)) + "\n"
