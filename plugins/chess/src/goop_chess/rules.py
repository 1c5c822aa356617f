# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of chess, by the ``chess`` library. GPL, as that library is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import chess

_PIECES = {"q": chess.QUEEN, "r": chess.ROOK, "b": chess.BISHOP, "n": chess.KNIGHT}
Key = tuple[int | None, ...]
FIFTY_MOVES = 100
"""Half-moves without a capture or a pawn's move that end the game."""


@dataclass(frozen=True)
class Illegal:
    """Why a move cannot be played: words, and the JSON Pointer of what is wrong."""

    reason: str
    pointer: str


class Position:
    """A game's position with its history. Draws by repetition and fifty moves are automatic."""

    def __init__(self, moves: list[str] | None = None) -> None:
        self._board = chess.Board()
        self._seen: Counter[Key] = Counter([self._key()])
        self.uci: list[str] = []
        for text in moves or []:
            self.push(self._board.parse_uci(text))

    @classmethod
    def replay(cls, moves: list[str]) -> Position | None:
        """The position after ``moves``, which come from elsewhere; ``None`` if one is illegal."""
        position = cls()
        for text in moves:
            try:
                move = position._board.parse_uci(text)
            except ValueError:
                return None
            if position.ending() is not None or not position._is_listed(move):
                return None
            position.push(move)
        return position

    @property
    def turn(self) -> str:
        """``white`` or ``black``."""
        return "white" if self._board.turn else "black"

    def judge(self, start: str, end: str, promotion: str | None) -> chess.Move | Illegal:
        """The move, or why it cannot be played."""
        move = chess.Move(
            chess.parse_square(start),
            chess.parse_square(end),
            _PIECES[promotion] if promotion else None,
        )
        if self._is_listed(move):
            return move
        return self._explain(move, start, end)

    def _is_listed(self, move: chess.Move) -> bool:
        """Whether the move is one of those that are listed as legal.

        ``Board.is_legal`` also takes other spellings of them, such as the king that takes his
        own rook for castling: then the same game would be told in two ways.
        """
        start = chess.BB_SQUARES[move.from_square]
        return any(move == legal for legal in self._board.generate_legal_moves(start))

    def _explain(self, move: chess.Move, start: str, end: str) -> Illegal:
        board = self._board
        piece = board.piece_at(move.from_square)
        if piece is None:
            return Illegal(f"There is no piece on {start}.", "/from")
        if piece.color != board.turn:
            return Illegal(f"The piece on {start} is not yours.", "/from")
        if move.promotion is None and board.is_legal(move):
            castling = board.uci(move)
            return Illegal(f"To castle, the king moves to {castling[2:4]}.", "/to")
        queened = chess.Move(move.from_square, move.to_square, chess.QUEEN)
        if move.promotion is None and board.is_legal(queened):
            return Illegal("A pawn that reaches the last rank must be promoted.", "/promotion")
        plain = chess.Move(move.from_square, move.to_square)
        if move.promotion is not None and board.is_legal(plain):
            return Illegal("That move is no promotion.", "/promotion")
        name = chess.piece_name(piece.piece_type)
        if any(board.is_pseudo_legal(option) for option in (plain, queened)):
            if board.is_castling(plain):
                return Illegal("The king may not castle out of, through or into check.", "/to")
            if board.is_check():
                return Illegal("The king is in check, and that move leaves it there.", "/to")
            return Illegal("That move would put your own king in check.", "/to")
        return Illegal(f"The {name} on {start} cannot move to {end}.", "/to")

    def push(self, move: Any) -> None:
        """Play a legal move."""
        self._board.push(move)
        self._seen[self._key()] += 1
        self.uci.append(move.uci())

    def pop(self) -> None:
        """Take the last move back."""
        key = self._key()
        self._seen[key] -= 1
        if not self._seen[key]:
            del self._seen[key]
        self._board.pop()
        self.uci.pop()

    def _key(self) -> Key:
        """What must be the same for a repetition: pieces, turn, castling, en passant (9.2.3)."""
        board = self._board
        return (
            board.pawns,
            board.knights,
            board.bishops,
            board.rooks,
            board.queens,
            board.kings,
            board.occupied_co[chess.WHITE],
            board.turn,
            board.clean_castling_rights(),
            board.ep_square if board.has_legal_en_passant() else None,
        )

    def ending(self) -> tuple[str, str] | None:
        """``(result, reason)`` where the position has ended the game."""
        board = self._board
        if not any(board.generate_legal_moves()):
            if board.is_check():
                return ("0-1" if board.turn else "1-0", "checkmate")
            return ("1/2-1/2", "stalemate")
        if board.is_insufficient_material():
            return ("1/2-1/2", "insufficient_material")
        if board.halfmove_clock >= FIFTY_MOVES:
            return ("1/2-1/2", "fifty_moves")
        if self._seen[self._key()] >= 3:
            return ("1/2-1/2", "repetition")
        return None

    def can_mate(self, colour: str) -> bool:
        """Whether what ``colour`` has could still give mate, were the other side to help."""
        return not self._board.has_insufficient_material(colour == "white")

    def view(self) -> dict[str, Any]:
        """What a page shows: fen, legal moves, SAN, check, the last move, what was taken."""
        board = self._board
        legal: dict[str, list[str]] = {}
        for move in board.legal_moves:
            ends = legal.setdefault(chess.square_name(move.from_square), [])
            name = chess.square_name(move.to_square)
            if name not in ends:
                ends.append(name)
        last = self.uci[-1] if self.uci else None
        return {
            "fen": board.fen(),
            "legal": legal,
            "san": sans(self.uci),
            "uci": list(self.uci),
            "check": board.is_check(),
            "lastMove": {"from": last[:2], "to": last[2:4]} if last else None,
            "captured": _captured(self.uci),
        }


def sans(moves: list[str]) -> list[str]:
    """The moves in standard algebraic notation."""
    board = chess.Board()
    return [board.san_and_push(chess.Move.from_uci(text)) for text in moves]


def _captured(moves: list[str]) -> dict[str, list[str]]:
    """The pieces that each colour has lost, as small letters, in the order they fell."""
    board = chess.Board()
    lost: dict[str, list[str]] = {"white": [], "black": []}
    for text in moves:
        move = chess.Move.from_uci(text)
        if board.is_en_passant(move):
            lost["black" if board.turn else "white"].append("p")
        elif (taken := board.piece_at(move.to_square)) is not None and board.is_capture(move):
            lost["white" if taken.color else "black"].append(taken.symbol().lower())
        board.push(move)
    return lost
