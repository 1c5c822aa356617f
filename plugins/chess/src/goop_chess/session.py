# SPDX-License-Identifier: MIT
"""A game as a pure fold over its channel's log: whose turn, offers, takebacks, leaving, the end.

Threefold repetition and fifty moves end the game by themselves, so that both nodes agree without
a claim. A game goes on by the rules that it began by: what is in a log was judged by those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from goop_chess import abandoning, clocks, offers
from goop_chess.clocks import Clock, control_of, stamp_of
from goop_chess.offers import OTHER, Offers
from goop_chess.rules import Illegal, Position
from goop_realtime import Message, OpenRequest, Refusal

RULES = 2
"""The rules of new games. By 1, those of 0.1.0, an offer could be repeated at any time."""


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
    "time": ("1-0", "0-1"),
    "time_no_material": ("1/2-1/2",),
    abandoning.REASON: ("1-0", "0-1", "1/2-1/2", "*"),
}
_KEYS = {"players", "moves", "result", "reason"}
_MORE = {"rules", "offers", "clock", "drawOffer", "takebackOffer", "abandonedBy"}
"""What a state may lack. Those of 0.1.0 have the last two in the place of the others."""
MAX_MOVES = 1200


def refuse_state(request: OpenRequest, state: Any) -> Refusal | None:
    """Judge the state that an opener wants to go on from: it comes from another node."""
    bad = Refusal(code="bad_base", reason="That is no game of these two players.")
    if not isinstance(state, dict) or not _KEYS <= set(state) <= _KEYS | _MORE:
        return bad
    players, moves = state["players"], state["moves"]
    if not isinstance(players, dict) or set(players) != {"white", "black"}:
        return bad
    if sorted(map(str, players.values())) != sorted(request.peers):
        return bad
    if not isinstance(moves, list) or len(moves) > MAX_MOVES:
        return bad
    if not all(isinstance(move, str) for move in moves):
        return bad
    if any(state.get(f"{kind}Offer") not in (None, *OTHER) for kind in offers.KINDS):
        return bad
    if state.get("rules", 1) not in (1, RULES):
        return bad
    if "offers" in state and not offers.is_state(state["offers"]):
        return bad
    if state.get("clock") is not None and not clocks.is_state(state["clock"]):
        return bad
    if not abandoning.is_state(state.get("abandonedBy"), state["result"], state["reason"]):
        return bad
    position = Position.replay(moves)
    if position is None:
        return bad
    ending = position.ending()
    said = (state["result"], state["reason"])
    if ending is not None:
        return None if said == ending else bad
    if said == ("*", None):
        return None
    return None if said[0] in _AGREED.get(str(said[1]), ()) else bad


def new_game(request: OpenRequest) -> dict[str, Any]:
    """The state that a new game starts from."""
    control = control_of(request.params)
    clock = None if control is None else Clock({"control": control}).snapshot()
    return ChessSession(request, {"rules": RULES, "clock": clock}).snapshot()


def same_game(request: OpenRequest, one: Any, other: Any) -> bool:
    """Whether two states say the same, whichever versions have written them."""
    first, second = (ChessSession(request, state).snapshot() for state in (one, other))
    return first == second


def same_clock(request: OpenRequest) -> bool:
    """Whether the state to start from has the clocks that the invitation names."""
    clock = request.initial_state.get("clock") if isinstance(request.initial_state, dict) else None
    return control_of(request.params) == (clock["control"] if clock else None)


class ChessSession:
    """One game. ``state`` is a snapshot to go on from; a game of 0.1.0 began without one."""

    def __init__(self, request: OpenRequest, state: dict[str, Any] | None = None) -> None:
        self.request = request
        state = state or {}
        self.players: dict[str, str] = state.get("players") or colours(request)
        self._colour_of = {peer: colour for colour, peer in self.players.items()}
        self.position = Position(state.get("moves"))
        self.result: str = state.get("result", "*")
        self.reason: str | None = state.get("reason")
        self.rules: int = state.get("rules", 1)
        self.offers = Offers(state)
        clock = state.get("clock")
        self.clock: Clock | None = None if clock is None else Clock(clock)
        self.abandoned_by: str | None = state.get("abandonedBy")
        """The colour that has left the game for good; see ``abandoning``."""
        self._checked: tuple[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the game has ended."""
        return self.reason is not None

    @property
    def stopped(self) -> bool:
        """Whether nobody moves any more: it has ended, or a player has left it."""
        return self.over or self.abandoned_by is not None

    @property
    def started(self) -> bool:
        """Whether both have moved: from then on the clocks run."""
        return len(self.position.uci) >= clocks.FIRST_MOVES

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
            "rules": self.rules,
            "offers": self.offers.snapshot(),
            "clock": None if self.clock is None else self.clock.snapshot(),
            **({} if self.abandoned_by is None else {"abandonedBy": self.abandoned_by}),
        }

    def check(self, message: Message) -> Refusal | None:
        """Whether the message may come next."""
        colour = self._colour_of.get(message.sender)
        if colour is None:
            return Refusal(code="not_a_player", reason="Only the two players may do that.")
        if message.fields["type"] == "chat":
            return None  # whatever becomes of the game; nothing of it is in the state
        if self.over:
            return Refusal(code="game_over", reason=f"The game has ended: {self.reason}.")
        data = message.fields
        kind = data["type"]
        refusal = abandoning.refusal(self.abandoned_by, kind, colour)
        if refusal is not None or kind in abandoning.MESSAGES:
            return refusal
        if kind == "move":
            return self._check_move(message, colour)
        if kind == "flag":
            return self._check_flag(data, colour)
        about, _, act = kind.partition("_")
        if act in ("accept", "decline") and self.offers.by(about) != OTHER[colour]:
            what = "draw offer" if about == "draw" else "takeback"
            return Refusal(code=f"no_{about}_offer", reason=f"There is no {what} to answer.")
        if kind == "takeback_offer" and not self._has_moved(colour):
            return Refusal(code="nothing_to_take_back", reason="You have not moved yet.")
        if act == "offer" and self.rules >= 2:
            return self.offers.refusal(about, colour)
        if kind == "abort" and not self.can_abort:
            return Refusal(code="too_late", reason="The game can no longer be aborted: resign.")
        return None

    def _has_moved(self, colour: str) -> bool:
        return len(self.position.uci) >= (1 if colour == "white" else 2)

    def _check_flag(self, data: Mapping[str, Any], colour: str) -> Refusal | None:
        if self.clock is None:
            return Refusal(code="no_clock", reason="This game is played without clocks.")
        stamp, of = stamp_of(data), data["colour"]
        if stamp is None:
            return clocks.missing_stamp()
        position = self.position
        if not self.clock.out(of, colour, position.turn, len(position.uci), stamp):
            return clocks.refuse_claim(of)
        return None

    def _check_move(self, message: Message, colour: str) -> Refusal | None:
        if self.position.turn != colour:
            turn = self.position.turn.capitalize()
            return Refusal(code="not_your_turn", reason=f"It is {turn}'s turn.")
        data = message.fields
        if self.clock is not None and stamp_of(data) is None:
            return clocks.missing_stamp()
        found = self.position.judge(data["from"], data["to"], data.get("promotion"))
        if isinstance(found, Illegal):
            return Refusal(code="illegal_move", reason=found.reason, pointer=found.pointer)
        self._checked = (message.id, found)
        return None

    def apply(self, message: Message) -> None:
        """Take the message in; it has passed ``check``."""
        colour = self._colour_of[message.sender]
        kind = message.fields["type"]
        if kind == "move":
            self._move(message, colour)
        elif kind == "resign":
            self._end("0-1" if colour == "white" else "1-0", "resignation")
        elif kind == "abort":
            self._end("*", "abort")
        elif kind == "flag":
            self._flag_fell(message.fields["colour"])
        elif kind == "abandon":
            self._abandon(colour)
        elif kind == "abandon_claim":
            self._end(abandoning.claimed(message.fields["result"], colour), abandoning.REASON)
        elif kind != "chat":
            about, _, act = kind.partition("_")
            self._offer(about, act, colour)

    def _offer(self, about: str, act: str, colour: str) -> None:
        """``act`` is to ``offer``, ``accept`` or ``decline`` what ``about`` says."""
        if act == "decline":
            self.offers.settle(about, "declined")
        elif act == "accept" and about == "takeback":
            self._take_back()
        elif act == "accept" or self.offers.make(about, colour):
            self.offers.settle("draw", "accepted")
            self._end("1/2-1/2", "agreement")

    def _abandon(self, colour: str) -> None:
        if self.can_abort:
            self._end("*", "abort")
        elif self.abandoned_by is not None:
            self._end("*", abandoning.REASON)
        else:
            self.abandoned_by = colour
            self.offers.expire()

    def _move(self, message: Message, colour: str) -> None:
        if self._checked is None or self._checked[0] != message.id:
            self.check(message)
        assert self._checked is not None
        stamp = stamp_of(message.fields)
        if self.clock is not None and stamp is not None:
            self.clock.moved(colour, len(self.position.uci), stamp)
        self.position.push(self._checked[1])
        self._checked = None
        self.offers.moved(colour)
        ending = self.position.ending()
        if ending is not None:
            self._end(*ending)

    def _flag_fell(self, of: str) -> None:
        assert self.clock is not None
        self.clock.fell(of)
        if self.position.can_mate(OTHER[of]):
            self._end("0-1" if of == "white" else "1-0", "time")
        else:
            self._end("1/2-1/2", "time_no_material")

    def _take_back(self) -> None:
        """Back to before the last move of who asked."""
        asker = self.offers.by("takeback")
        self.offers.settle("takeback", "accepted")
        self.offers.expire()
        if self.position.turn == asker:
            self.position.pop()
        self.position.pop()
        if self.clock is not None:
            self.clock.taken_back()

    def _end(self, result: str, reason: str) -> None:
        self.result, self.reason = result, reason
        self.offers.expire()
