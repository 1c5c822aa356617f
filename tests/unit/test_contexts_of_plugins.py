# SPDX-License-Identifier: MIT
"""What video_call and arcade_rooms let through, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from goop_arcade_rooms.plugin import ArcadeRoomsPlugin
from goop_realtime.contexts import Context, compile_context
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
        {"type": "call_request", "audio": True, "video": False},
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
        {"type": "ice_candidate", "candidate": {"sdpMid": "0"}},
        {"type": "call_response"},
        {"type": "hang_up"},
    ],
)
def test_other_signalling_is_refused(message: Any) -> None:
    assert CALL.check_message(message) is not None


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
