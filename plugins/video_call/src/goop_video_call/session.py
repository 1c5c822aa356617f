# SPDX-License-Identifier: MIT
"""A call as a pure fold over its channel's log: consent, offers and answers, the end.

There are two ways to consent. A page that says ``call_request`` waits for the other's
``call_response``; of one that begins with an offer, accepting the channel was the consent.

Both people may offer at any time, also at once, as in the W3C's "perfect negotiation": whoever
answers has given up the offer that it had open itself. So an answer settles all of its author's
own offers, and one of the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goop_realtime import Message, OpenRequest, Refusal
from goop_video_call.candidates import CandidateError, check_candidate
from goop_video_call.descriptions import check_description
from goop_video_call.sdp import SdpError

MAX_OFFERS = 16
"""Offers of one person that nobody has answered: each takes the place of the one before it."""
_CONSENT = frozenset({"call_request", "call_response", "call_end"})
"""Messages that need no consent."""


class CallSession:
    """One call. ``state`` is what ``snapshot()`` gave, or ``None`` at the beginning."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        state = state or {}
        self.peers = request.peers
        self.asked: set[str] = set(state.get("asked", ()))
        """Whose ``call_request`` waits for an answer."""
        self.consents: set[str] = set(state.get("consents", ()))
        """Who has said that there may be a call."""
        self.offers: dict[str, int] = dict(state.get("offers", {}))
        """How many offers of each peer are open."""
        self.connected: bool = state.get("connected", False)
        """Whether the two have agreed once what they send."""
        self.ended: bool = state.get("ended", False)

    @property
    def phase(self) -> str:
        """``open``, ``requested``, ``accepted``, ``negotiating``, ``connected`` or ``ended``."""
        if self.ended:
            return "ended"
        if not self.consents:
            return "open"
        if not self.consented:
            return "requested"
        if self.connected:
            return "connected"
        return "negotiating" if any(self.offers.values()) else "accepted"

    @property
    def consented(self) -> bool:
        """Whether both have consented in so many words."""
        return self.consents >= set(self.peers)

    def snapshot(self) -> dict[str, Any]:
        """The whole state; equal on every node."""
        return {
            "asked": sorted(self.asked),
            "consents": sorted(self.consents),
            "offers": {peer: self.offers[peer] for peer in sorted(self.offers)},
            "connected": self.connected,
            "ended": self.ended,
        }

    def check(self, message: Message) -> Refusal | None:
        """Whether the message may come next."""
        if message.sender not in self.peers:
            return Refusal(code="not_in_call", reason="Only the two people of the call may do that")
        fields = message.fields
        kind = fields["type"]
        if self.ended:
            return Refusal(code="call_ended", reason="The call has ended.")
        if kind in _CONSENT:
            return self._check_consent(message.sender, kind)
        if self.consents and not self.consented:
            return Refusal(code="no_consent", reason="The call has not been accepted yet.")
        if kind == "sdp_offer":
            return self._check_offer(message.sender, fields["sdp"])
        if kind == "sdp_answer":
            return self._check_answer(message.sender, fields["sdp"])
        return refuse_candidate(fields.get("candidate"))

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Whether somebody may say what they send (``media_state``)."""
        if self.ended:
            return Refusal(code="call_ended", reason="The call has ended.")
        if self.consents and not self.consented:
            return Refusal(code="no_consent", reason="The call has not been accepted yet.")
        return None

    def _check_consent(self, sender: str, kind: str) -> Refusal | None:
        if kind == "call_request" and sender in self.consents:
            return Refusal(code="already_requested", reason="The call has been asked for already.")
        if kind == "call_response" and not self.asked & {self._other(sender)}:
            return Refusal(code="no_request", reason="There is no call to answer.")
        return None

    def _check_offer(self, sender: str, sdp: Any) -> Refusal | None:
        if _kind(sdp, "offer") == "rollback":
            if not self.offers.get(sender):
                return Refusal(code="no_offer", reason="There is no offer to take back.")
            return None
        if self.offers.get(sender, 0) >= MAX_OFFERS:
            return Refusal(code="too_many_offers", reason="Too many offers wait for an answer.")
        return refuse_description(sdp, answer=False)

    def _check_answer(self, sender: str, sdp: Any) -> Refusal | None:
        if not self.offers.get(self._other(sender)):
            return Refusal(code="no_offer", reason="There is no offer to answer.")
        return None if _kind(sdp, "answer") == "rollback" else refuse_description(sdp, answer=True)

    def apply(self, message: Message) -> None:
        """Take the message in; it has passed ``check``."""
        kind = message.fields["type"]
        if kind == "call_end":
            self.ended = True
        elif kind == "call_request":
            self.consents.add(message.sender)
            self.asked.add(message.sender)
        elif kind == "call_response":
            self._respond(message.sender, message.fields)
        else:
            self.consents = set(self.peers)  # of whoever begins without a word, the channel's
            self._negotiate(message.sender, kind, message.fields)

    def _respond(self, sender: str, fields: Mapping[str, Any]) -> None:
        self.asked.discard(self._other(sender))
        self.consents.add(sender)
        self.ended = not fields["accepted"]

    def _negotiate(self, sender: str, kind: str, fields: Mapping[str, Any]) -> None:
        if kind == "sdp_offer":
            back = _kind(fields["sdp"], "offer") == "rollback"
            self.offers[sender] = self.offers.get(sender, 0) + (-1 if back else 1)
        elif kind == "sdp_answer":
            said = _kind(fields["sdp"], "answer")
            if said == "pranswer":
                return
            self.offers[self._other(sender)] -= 1
            if said == "answer":
                self.offers[sender] = 0
                self.connected = True

    def _other(self, sender: str) -> str:
        return next(peer for peer in self.peers if peer != sender)


def refuse_description(sdp: Any, *, answer: bool) -> Refusal | None:
    """Judge what stands in ``sdp`` of an offer or answer: a dictionary with it, or it alone."""
    text, pointer = (sdp, "/sdp") if isinstance(sdp, str) else (sdp.get("sdp", ""), "/sdp/sdp")
    try:
        check_description(text, answer=answer)
    except SdpError as error:
        return Refusal(code="bad_description", reason=str(error), pointer=pointer)
    return None


def refuse_candidate(candidate: Any) -> Refusal | None:
    """Judge what stands in ``candidate``: a dictionary, its line alone, or nothing."""
    pointer = "/candidate"
    if isinstance(candidate, dict):
        candidate, pointer = candidate.get("candidate"), "/candidate/candidate"
    try:
        check_candidate(candidate or "")
    except CandidateError as error:
        return Refusal(code="bad_candidate", reason=str(error), pointer=pointer)
    return None


def _kind(sdp: Any, default: str) -> str:
    """The RTCSdpType that a description says it is."""
    return str(sdp["type"]) if isinstance(sdp, dict) else default
