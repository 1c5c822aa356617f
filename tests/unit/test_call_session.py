# SPDX-License-Identifier: MIT
"""A call as a fold: consent, offers that cross, renegotiation, the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goop_realtime import OpenRequest, Summary
from goop_realtime.testing import simulate
from goop_video_call.plugin import summary, terms
from goop_video_call.session import MAX_OFFERS
from tests.signalling.calls import CONTEXT, Line, descriptions

OFFER = min(descriptions("sdp_offer"), key=len)
ANSWER = min(descriptions("sdp_answer"), key=len)
A, B = 0, 1
CANDIDATE = {"candidate": "candidate:1 1 udp 2113937151 192.0.2.1 5000 typ host", "sdpMid": "0"}
BACK = {"type": "rollback"}
MEDIA = {"audio": True, "video": False}


@pytest.fixture
def line() -> Line:
    """A channel on which nothing has been said."""
    return Line()


def agree(line: Line, who: int = A) -> None:
    """An offer and its answer."""
    assert line.say(who, "sdp_offer", sdp=OFFER) == ""
    assert line.say(1 - who, "sdp_answer", sdp=ANSWER) == ""


def test_a_call_that_is_asked_for_goes_through_its_phases(line: Line) -> None:
    seen = [line.phase]
    for who, kind, fields in [
        (A, "call_request", {"media": MEDIA}),
        (B, "call_response", {"accepted": True}),
        (A, "sdp_offer", {"sdp": OFFER}),
        (A, "ice_candidate", {"candidate": CANDIDATE}),
        (B, "sdp_answer", {"sdp": ANSWER}),
        (B, "media_state", {"audio": True, "video": False, "screen": False}),
        (B, "call_end", {"reason": "bye"}),
    ]:
        assert line.say(who, kind, **fields) == ""
        seen.append(line.phase)
    assert list(dict.fromkeys(seen)) == [
        *("open", "requested", "accepted", "negotiating", "connected", "ended")
    ]


def test_of_a_page_that_begins_with_an_offer_the_channel_was_the_consent(line: Line) -> None:
    agree(line)
    assert line.phase == "connected"
    assert line.say(A, "call_request", media=MEDIA) == "already_requested"


MEDIA_MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("sdp_offer", {"sdp": OFFER}),
    ("sdp_answer", {"sdp": ANSWER}),
    ("ice_candidate", {"candidate": CANDIDATE}),
    ("media_state", {"audio": True, "video": True, "screen": False}),
]


@pytest.mark.parametrize(("kind", "fields"), MEDIA_MESSAGES)
@pytest.mark.parametrize("who", [A, B])
def test_nothing_of_the_media_comes_before_consent(
    line: Line, who: int, kind: str, fields: dict[str, Any]
) -> None:
    line.say(A, "call_request", media=MEDIA)
    assert line.say(who, kind, **fields) == "no_consent"


@pytest.mark.parametrize(("kind", "fields"), [*MEDIA_MESSAGES, ("call_end", {})])
@pytest.mark.parametrize("declined", [True, False])
def test_nothing_comes_after_the_end(
    line: Line, declined: bool, kind: str, fields: dict[str, Any]
) -> None:
    line.say(A, "call_request", media=MEDIA)
    if declined:
        assert line.say(B, "call_response", accepted=False, reason="busy") == ""
    else:
        assert line.say(A, "call_end") == ""
    assert line.say(B, kind, **fields) == "call_ended"


def test_a_call_is_answered_once_and_by_the_other(line: Line) -> None:
    assert line.say(B, "call_response", accepted=True) == "no_request"
    assert line.say(A, "call_request", media=MEDIA) == ""
    assert line.say(A, "call_request", media=MEDIA) == "already_requested"
    assert line.say(A, "call_response", accepted=True) == "no_request"
    assert line.say(B, "call_response", accepted=True) == ""
    assert line.say(B, "call_response", accepted=True) == "no_request"


def test_two_who_ask_each_other_have_consented(line: Line) -> None:
    assert line.say(A, "call_request", media=MEDIA) == ""
    assert line.say(B, "call_request", media=MEDIA) == ""
    agree(line)
    # A page that answers the request it hears, whatever it has asked itself, does no harm.
    assert line.say(A, "call_response", accepted=True) == ""


def test_an_answer_needs_an_offer_of_the_other(line: Line) -> None:
    assert line.say(B, "sdp_answer", sdp=ANSWER) == "no_offer"
    assert line.say(A, "sdp_offer", sdp=OFFER) == ""
    assert line.say(A, "sdp_answer", sdp=ANSWER) == "no_offer"
    assert line.say(B, "sdp_answer", sdp=ANSWER) == ""
    assert line.say(B, "sdp_answer", sdp=ANSWER) == "no_offer"


def test_of_offers_that_cross_one_is_answered(line: Line) -> None:
    """The polite side takes its own back by answering; the other ignores what it was offered."""
    for who in (A, B):
        assert line.say(who, "sdp_offer", sdp=OFFER) == ""
    assert line.say(B, "sdp_answer", sdp=ANSWER) == ""
    assert line.say(A, "sdp_answer", sdp=ANSWER) == "no_offer"
    agree(line, B)


def test_an_offer_that_was_taken_back_has_no_answer(line: Line) -> None:
    assert line.say(A, "sdp_offer", sdp=BACK) == "no_offer"
    line.say(A, "sdp_offer", sdp=OFFER)
    assert line.say(A, "sdp_offer", sdp=BACK) == ""
    assert line.say(B, "sdp_answer", sdp=ANSWER) == "no_offer"
    agree(line)


def test_an_offer_that_the_other_rolled_back_is_done_with(line: Line) -> None:
    line.say(A, "sdp_offer", sdp=OFFER)
    assert line.say(B, "sdp_answer", sdp=BACK) == ""
    assert line.phase == "accepted"
    assert line.say(B, "sdp_answer", sdp=ANSWER) == "no_offer"


def test_provisional_answers_leave_the_offer_open(line: Line) -> None:
    line.say(A, "sdp_offer", sdp={"type": "offer", "sdp": OFFER})
    for kind in ("pranswer", "pranswer", "answer"):
        assert line.say(B, "sdp_answer", sdp={"type": kind, "sdp": ANSWER}) == ""
    assert line.phase == "connected"


def test_both_renegotiate_as_often_as_they_like(line: Line) -> None:
    for turn in range(50):
        agree(line, turn % 2)
    assert line.phase == "connected"


def test_offers_that_nobody_answers_are_bounded(line: Line) -> None:
    codes = [line.say(A, "sdp_offer", sdp=OFFER) for _ in range(MAX_OFFERS + 1)]
    assert codes == [""] * MAX_OFFERS + ["too_many_offers"]


@pytest.mark.parametrize(
    ("kind", "fields", "pointer"),
    [
        ("sdp_offer", {"sdp": "hello"}, "/sdp"),
        ("sdp_offer", {"sdp": {"type": "offer", "sdp": "hello"}}, "/sdp/sdp"),
        ("sdp_offer", {"sdp": {"type": "offer"}}, "/sdp/sdp"),
        ("sdp_offer", {"sdp": {"type": "answer", "sdp": OFFER}}, "/sdp/type"),
        ("ice_candidate", {"candidate": "hello"}, "/candidate"),
        ("ice_candidate", {"candidate": {"candidate": "hello"}}, "/candidate/candidate"),
    ],
)
def test_a_refusal_says_where(line: Line, kind: str, fields: dict[str, Any], pointer: str) -> None:
    found = line.refusal(A, {"type": kind, **fields})
    assert found is not None
    assert found.pointer == pointer


@pytest.mark.parametrize("end", [None, "", {}, {"candidate": ""}])
def test_the_end_of_the_candidates_passes(line: Line, end: Any) -> None:
    assert line.say(A, "ice_candidate", candidate=end) == ""
    assert line.say(A, "ice_candidate") == ""


def test_a_stranger_is_not_in_the_call() -> None:
    from goop_realtime import Message

    message = Message(sender="c", data={"type": "call_end"}, id="p-1", sent_at_ms=0)
    found = Line().sessions[0].check(message)
    assert found is not None
    assert found.code == "not_in_call"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (None, ""),
        ({"media": {"audio": True, "video": True}}, "With sound and picture."),
        ({"media": {"audio": True, "video": False}}, "With sound."),
        (
            {"media": {"audio": False, "video": False}},
            "Without sound and picture: to see and hear.",
        ),
    ],
)
def test_what_is_asked_for_is_told_in_words(params: Any, words: str) -> None:
    assert CONTEXT.check_params(params) is None
    request = OpenRequest(
        channel="rt-1", context="video_call", opener="a", peers=("a", "b"), params=params
    )
    assert terms(request) == words


def test_how_a_call_stands_is_told_in_a_line(line: Line) -> None:
    agree(line)
    assert summary(line.sessions[0], "a") == Summary(text="In a call")
    line.say(A, "call_end")
    assert summary(line.sessions[0], "a") == Summary(text="The call has ended", ended=True)


SAID: list[tuple[str, dict[str, Any]]] = [
    *MEDIA_MESSAGES,
    ("sdp_offer", {"sdp": BACK}),
    ("sdp_answer", {"sdp": BACK}),
    ("sdp_answer", {"sdp": {"type": "pranswer", "sdp": ANSWER}}),
    ("call_request", {"media": MEDIA}),
    ("call_response", {"accepted": True}),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from(SAID)), max_size=40))
@example([(A, MEDIA_MESSAGES[3]), (A, ("call_request", {"media": MEDIA}))])
def test_whatever_is_said_the_rules_hold(said: list[tuple[int, Any]]) -> None:
    line = Line()
    began = False
    consents: set[int] = set()
    offers = [0, 0]
    for who, (kind, fields) in said:
        if line.say(who, kind, **fields):
            continue
        if kind in ("call_request", "call_response"):
            assert not began or kind == "call_response"
            consents.add(who)
            continue
        assert len(consents) != 1, "media before consent"
        # What somebody sends just now stands in no log: it begins nothing.
        began |= kind != "media_state"
        sdp = fields.get("sdp")
        if kind == "sdp_offer":
            offers[who] += 1 if sdp != BACK else -1
        elif kind == "sdp_answer":
            assert offers[1 - who] > 0, "an answer without an offer"
            if sdp in (ANSWER, BACK):
                offers[1 - who] -= 1
            if sdp == ANSWER:
                offers[who] = 0
        assert min(offers) >= 0


def test_calls_live_through_faults() -> None:
    """Both nodes fold the same, whatever befalls them, with every message at any time."""

    def say(chance: Any, state: Any, peer: str) -> dict[str, Any]:
        kind, fields = chance.choice(SAID if chance.random() < 0.98 else [("call_end", {})])
        return {"type": kind, **fields}

    simulate(CONTEXT.type, say, seeds=range(3))
