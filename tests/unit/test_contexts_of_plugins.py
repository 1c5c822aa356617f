# SPDX-License-Identifier: MIT
"""What video_call and arcade_rooms let through, and what not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_arcade_rooms.plugin import ArcadeRoomsPlugin
from goop_realtime.contexts.registry import Context, compile_context
from goop_video_call.plugin import VideoCallPlugin


def _context(plugin: Any) -> Context:
    return compile_context("test", next(iter(plugin.realtime_contexts(None))))


CALL = _context(VideoCallPlugin())
GAME = _context(ArcadeRoomsPlugin())
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2113937151 127.0.0.1 5000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "abcd",
}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "sdp_offer", "sdp": {"type": "offer", "sdp": "v=0"}},
        {"type": "sdp_offer", "sdp": "v=0"},
        {"type": "sdp_answer", "sdp": {"type": "answer", "sdp": "v=0"}},
        {"type": "ice_candidate", "candidate": CANDIDATE},
        {"type": "ice_candidate", "candidate": None},
        {"type": "ice_candidate", "candidate": ""},
        {"type": "ice_candidate", "candidate": {}},
        {"type": "ice_candidate"},
        {"type": "sdp_answer", "sdp": {"type": "pranswer", "sdp": "v=0"}},
        {"type": "sdp_offer", "sdp": {"type": "rollback"}},
        {"type": "call_request", "media": {"audio": True, "video": False}},
        {"type": "ice_candidate", "candidate": None, "connection": "1", "to": "2"},
        {"type": "call_response", "accepted": True},
        {"type": "call_end"},
    ],
)
def test_signalling_passes(message: Any) -> None:
    assert CALL.check_message(message) is None


@pytest.mark.parametrize(
    "message",
    [
        {"type": "sdp_offer"},
        {"type": "sdp_offer", "sdp": {"type": "answer", "sdp": "v=0"}},
        {"type": "sdp_answer", "sdp": 5},
        {"type": "ice_candidate", "candidate": {"sdpMLineIndex": -1}},
        {"type": "ice_candidate", "candidate": 5},
        {"type": "call_response"},
        {"type": "call_request"},
        {"type": "hang_up"},
    ],
)
def test_other_signalling_is_refused(message: Any) -> None:
    assert CALL.check_message(message) is not None


def test_of_what_somebody_sends_the_newest_word_counts() -> None:
    state = {"type": "media_state", "audio": True, "video": False, "screen": False}
    assert CALL.check_message(state, "latest") is None
    assert CALL.check_message({"type": "media_state", "audio": True}, "latest") is not None
    assert CALL.check_message(state) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def _dictionary(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A WebIDL dictionary: any of ``members``, beside others that it does not know."""
    return st.builds(
        lambda other, known: {**other, **known},
        st.dictionaries(st.text(max_size=20).filter(lambda name: name not in members), JSON),
        st.fixed_dictionaries({}, optional=members),
    )


@given(
    _dictionary(
        candidate=st.text(max_size=4096),
        sdpMid=st.none() | st.text(max_size=256),
        sdpMLineIndex=st.none() | st.integers(0, 65535),
        usernameFragment=st.none() | st.text(max_size=256),
    )
)
def test_every_candidate_that_the_dictionary_allows_passes(candidate: Any) -> None:
    assert CALL.check_message({"type": "ice_candidate", "candidate": candidate}) is None


@given(st.sampled_from(["answer", "pranswer", "rollback"]), _dictionary(sdp=st.text(max_size=200)))
def test_every_description_that_the_dictionary_allows_passes(kind: str, others: Any) -> None:
    message = {"type": "sdp_answer", "sdp": {**others, "type": kind}}
    assert CALL.check_message(message) is None


@pytest.mark.parametrize("direction", [1.5, "up", {"x": 0, "y": -1}])
def test_shots_have_a_direction_of_some_kind(direction: Any) -> None:
    assert GAME.check_message({"type": "shoot", "x": 1, "y": 2, "direction": direction}) is None


@pytest.mark.parametrize(
    "message",
    [
        {"type": "position", "x": "1", "y": 2},
        {"type": "position", "x": 1},
        {"type": "position", "x": 1e9, "y": 2},
        {"type": "shoot", "x": 1, "y": 2},
    ],
)
def test_other_positions_are_refused(message: Any) -> None:
    assert GAME.check_message(message) is not None
