# SPDX-License-Identifier: MIT
"""A game as a pure fold over its channel's log: whose turn, offers, takebacks, the end.

An offer of a draw or a takeback stands until the other side answers it or moves. Threefold
repetition and fifty moves end the game by themselves, so that both nodes agree without a claim.
"""

from __future__ import annotations

import hashlib
from typing import Any

from goop_chess.rules import Illegal, Position
from goop_realtime.types import Message, OpenRequest, Rejection

_OTHER = {"white": "black", "black": "white"}


def colours(request: OpenRequest) -> dict[str, str]:
    """Peer id by colour. The opener plays White unless the params say otherwise."""
    opener = request.opener
    guest = next(peer for peer in request.peers if peer != opener)
    params = request.params if isinstance(request.params, dict) else {}
    colour = params.get("colour", "white")
    if colour == "random":
        # Both nodes must draw the same lot: the channel's id decides.
        digest = hashlib.sha256(request.channel.encode()).digest()
        colour = "white" if digest[0] % 2 else "black"
    if colour == "black":
        return {"white": guest, "black": opener}
    return {"white": opener, "black": guest}


_AGREED = {
    "resignation": ("1-0", "0-1"),
    "agreement": ("1/2-1/2",),
    "abort": ("*",),
}
_KEYS = {"players", "moves", "result", "reason", "drawOffer", "takebackOffer"}
MAX_MOVES = 1200


def refuse_base(request: OpenRequest, base: Any) -> Rejection | None:
    """Judge the state that an opener wants to go on from: it comes from another node."""
    bad = Rejection(code="bad_base", reason="That is no game of these two players.")
    if not isinstance(base, dict) or set(base) != _KEYS:
        return bad
    players, moves = base["players"], base["moves"]
    if not isinstance(players, dict) or set(players) != {"white", "black"}:
        return bad
    if sorted(map(str, players.values())) != sorted(request.peers):
        return bad
    if not isinstance(moves, list) or len(moves) > MAX_MOVES:
        return bad
    if not all(isinstance(move, str) for move in moves):
        return bad
    if any(base[key] not in (None, "white", "black") for key in ("drawOffer", "takebackOffer")):
        return bad
    position = Position.replay(moves)
    if position is None:
        return bad
    ending = position.ending()
    said = (base["result"], base["reason"])
    if ending is not None:
        return None if said == ending else bad
    if said == ("*", None):
        return None
    return None if said[0] in _AGREED.get(str(said[1]), ()) else bad


class ChessSession:
    """One game. ``state`` is a snapshot to go on from, or ``None`` for a new game."""

    def __init__(self, request: OpenRequest, state: dict[str, Any] | None = None) -> None:
        self.request = request
        state = state or {}
        self.players: dict[str, str] = state.get("players") or colours(request)
        self._colour_of = {peer: colour for colour, peer in self.players.items()}
        self.position = Position(state.get("moves"))
        self.result: str = state.get("result", "*")
        self.reason: str | None = state.get("reason")
        self.draw_by: str | None = state.get("drawOffer")
        self.takeback_by: str | None = state.get("takebackOffer")
        self._checked: tuple[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the game has ended."""
        return self.reason is not None

    @property
    def can_abort(self) -> bool:
        """Whether it can still be called off: before Black's first move has been answered."""
        return not self.over and len(self.position.uci) < 2

    def snapshot(self) -> dict[str, Any]:
        """The whole state; equal on every node."""
        return {
            "players": self.players,
            "moves": list(self.position.uci),
            "result": self.result,
            "reason": self.reason,
            "drawOffer": self.draw_by,
            "takebackOffer": self.takeback_by,
        }

    def check(self, message: Message) -> Rejection | None:
        """Whether the message may come next."""
        colour = self._colour_of.get(message.sender)
        if colour is None:
            return Rejection(code="not_a_player", reason="Only the two players may do that.")
        if self.over:
            return Rejection(code="game_over", reason=f"The game has ended: {self.reason}.")
        data = message.data
        kind = data["type"]
        if kind == "move":
            return self._check_move(message, colour)
        if kind in ("draw_accept", "draw_decline") and self.draw_by != _OTHER[colour]:
            return Rejection(code="no_draw_offer", reason="There is no draw offer to answer.")
        if kind in ("takeback_accept", "takeback_decline") and self.takeback_by != _OTHER[colour]:
            return Rejection(code="no_takeback_offer", reason="There is no takeback to answer.")
        if kind == "takeback_offer" and not self._has_moved(colour):
            return Rejection(code="nothing_to_take_back", reason="You have not moved yet.")
        if kind == "abort" and not self.can_abort:
            return Rejection(code="too_late", reason="The game can no longer be aborted: resign.")
        return None

    def _has_moved(self, colour: str) -> bool:
        return len(self.position.uci) >= (1 if colour == "white" else 2)

    def _check_move(self, message: Message, colour: str) -> Rejection | None:
        if self.position.turn != colour:
            turn = self.position.turn.capitalize()
            return Rejection(code="not_your_turn", reason=f"It is {turn}'s turn.")
        data = message.data
        found = self.position.judge(data["from"], data["to"], data.get("promotion"))
        if isinstance(found, Illegal):
            return Rejection(code="illegal_move", reason=found.reason, pointer=found.pointer)
        self._checked = (message.id, found)
        return None

    def apply(self, message: Message) -> None:
        """Take the message in; it has passed ``check``."""
        colour = self._colour_of[message.sender]
        kind = message.data["type"]
        if kind == "move":
            self._move(message, colour)
        elif kind == "resign":
            self._end("0-1" if colour == "white" else "1-0", "resignation")
        elif kind == "abort":
            self._end("*", "abort")
        elif kind == "draw_offer":
            if self.draw_by == _OTHER[colour]:
                self._end("1/2-1/2", "agreement")  # two offers that crossed agree
            else:
                self.draw_by = colour
        elif kind == "draw_accept":
            self._end("1/2-1/2", "agreement")
        elif kind == "draw_decline":
            self.draw_by = None
        elif kind == "takeback_offer":
            self.takeback_by = colour
        elif kind == "takeback_decline":
            self.takeback_by = None
        elif kind == "takeback_accept":
            self._take_back()

    def _move(self, message: Message, colour: str) -> None:
        if self._checked is None or self._checked[0] != message.id:
            self.check(message)
        assert self._checked is not None
        self.position.push(self._checked[1])
        self._checked = None
        if self.draw_by != colour:
            self.draw_by = None
        self.takeback_by = None
        ending = self.position.ending()
        if ending is not None:
            self._end(*ending)

    def _take_back(self) -> None:
        """Back to before the last move of who asked."""
        asker = self.takeback_by
        self.takeback_by = self.draw_by = None
        if self.position.turn == asker:
            self.position.pop()
        self.position.pop()

    def _end(self, result: str, reason: str) -> None:
        self.result, self.reason = result, reason
        self.draw_by = self.takeback_by = None
