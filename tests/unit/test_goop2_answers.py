# SPDX-License-Identifier: MIT
"""What Goop² peers are answered, byte for byte, and whatever they ask."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from goop_node.exchange import longest_line, matter_of
from goop_node.goop2 import answers
from goop_node.goop2.exchanges import exchanges
from goop_node.types import StreamHandler


def test_content_is_the_label_and_the_end_of_a_line() -> None:
    assert answers.content("Ünsal 🎲") == "Ünsal 🎲\n".encode()


def test_a_picture_is_announced_with_its_length() -> None:
    assert answers.avatar(None) == b"NONE\n"
    assert answers.avatar(b"\x89PNG\n\n") == b"OK 6\n\x89PNG\n\n"


def test_what_is_said_unasked_is_one_line_of_json_that_is_the_same_for_everybody() -> None:
    assert answers.diag() == b'{"ok":true}\n'
    assert json.loads(answers.relay_refresh()) == {
        "ok": False,
        "error": "this peer uses no relay",
    }


def test_documents_and_streams_are_refused_in_the_words_of_their_protocols() -> None:
    for op in ("list", "get"):
        asked = json.dumps({"op": op, "group_id": "00ff", "file": "a.txt", "new": 1}).encode()
        assert json.loads(answers.docs(asked)) == {"ok": False, "error": "group not found"}
    other = b'{"op":"delete","group_id":"00ff"}'
    assert json.loads(answers.docs(other)) == {"ok": False, "error": "unknown op"}
    assert answers.listen(b"LISTEN 00ff") == b"ERR not found\n"
    assert answers.listen(b"LISTEN ") == answers.listen(b"GET /") == b"ERR bad request\n"


@given(st.binary(max_size=600))
def test_whatever_is_asked_is_answered_with_one_line(request: bytes) -> None:
    for one in exchanges(lambda: "Me", lambda: None):
        answer = one.answer(request)
        assert answer.endswith(b"\n")
        assert answer.count(b"\n") == 1
        assert len(answer) < 100
    assert json.loads(answers.docs(request))["ok"] is False


def test_who_may_ask_is_said_by_the_protocol() -> None:
    served = [
        *exchanges(lambda: "Me", lambda: None),
        StreamHandler(protocol="/x/1", handle=print, max_line=7),
    ]
    of = {one.protocol: matter_of(one.protocol, served) for one in served}
    assert of.pop("/x/1") == "exchange"
    assert {protocol for protocol, matter in of.items() if matter == "presence"} == {
        "/goop/content/1.0.0",
        "/goop/diag/1.0.0",
        "/goop/relay-refresh/1.0.0",
    }
    assert matter_of(None, served) == matter_of("/ipfs/id/1.0.0", served) == "presence"
    assert longest_line("/x/1", served, 9) == 7
    assert longest_line("/goop/docs/1.0.0", served, 9) == longest_line("/y", served, 9) == 9
