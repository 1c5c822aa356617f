# SPDX-License-Identifier: MIT
"""What players may write to each other: bounded text, at any time, that changes nothing else."""

from __future__ import annotations

import pytest

from goop_chess.plugin import schemas
from goop_chess.session import ChessSession
from goop_realtime.contexts.validator import Validator
from goop_realtime.types import Message, OpenRequest

REQUEST = OpenRequest(channel="rt-1", context="chess_1", opener="w", peers=("w", "b"))
CHAT = Validator(schemas()["chat"], where="chat")


def say(session: ChessSession, sender: str, kind: str, **fields: str) -> str:
    """Order a message; the code of its refusal, or nothing."""
    message = Message(sender=sender, data={"type": kind, **fields}, id="x-1", sent_at_ms=0)
    refusal = session.check(message)
    if refusal is None:
        session.apply(message)
    return refusal.code if refusal else ""


def test_chat_is_free_before_and_after_the_end_and_changes_nothing() -> None:
    session = ChessSession(REQUEST)
    assert say(session, "w", "draw_offer") == ""
    for _ in range(2):
        before = session.snapshot()
        assert say(session, "b", "chat", text="hello") == ""
        assert say(session, "w", "chat", text="hello") == ""
        assert session.snapshot() == before
        say(session, "b", "resign")
    assert session.over
    assert say(session, "somebody", "chat", text="hello") == "not_a_player"


@pytest.mark.parametrize("text", ["a", "é" * 500, "<b>x</b>", "שלום \u202e", "👩‍👩‍👧", " a "])
def test_text_is_taken(text: str) -> None:
    assert CHAT.check({"type": "chat", "text": text}) is None


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", "a" * 501, "a\nb", "\x00", "a\x9b", 1, None, ["a"]]
)
def test_what_is_no_line_of_text_is_not(text: object) -> None:
    assert CHAT.check({"type": "chat", "text": text}) is not None  # type: ignore[dict-item]
