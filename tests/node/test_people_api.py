# SPDX-License-Identifier: MIT
"""Friends and blocked people over the node's own API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from goop_node.testing import NodeProcess, start_node

STRANGER = "12D3KooWEyopopk2uVXyrpvWSPLcMSAmcbnuuyYqCpAAhRgPFoMk"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node that goop.toml lets choose at home."""
    alice = start_node(tmp_path_factory.mktemp("people") / "alice")
    yield alice
    alice.stop()


def post(node: NodeProcess, path: str, **body: Any) -> httpx.Response:
    """An answer of the node to a program."""
    return httpx.post(f"{node.url}/api/{path}", json=body, headers=node.headers)


def standing(answer: httpx.Response) -> str:
    """What the stranger is, by the answer."""
    assert answer.status_code == 200, answer.text
    found = [one for one in answer.json()["people"] if one["peerId"] == STRANGER]
    return str(found[0]["standing"]) if found else "nobody"


def test_each_decision_is_told_back_and_can_be_taken_back(node: NodeProcess) -> None:
    for action, then in (
        ("befriend", "friend"),
        ("block", "blocked"),
        ("unblock", "friend"),
        ("unfriend", "nobody"),
        ("block", "blocked"),
        ("unblock", "nobody"),
    ):
        assert standing(post(node, "people", peerId=STRANGER, action=action)) == then
    post(node, "people", peerId=STRANGER, action="block")
    refused = post(node, "people", peerId=STRANGER, action="befriend")
    assert (refused.status_code, refused.json()["code"]) == (409, "blocked")
    address = f"/ip4/127.0.0.1/tcp/9/p2p/{STRANGER}"
    assert post(node, "friends", address=address).json()["code"] == "blocked"
    asked = post(node, "realtime/request", peerId=STRANGER)
    assert (asked.status_code, asked.json()["code"]) == (403, "blocked")


def test_who_may_reach_the_node_is_chosen(node: NodeProcess) -> None:
    for choice in ("friends", "discovered"):
        answer = post(node, "reachable", reachable_by=choice).json()
        assert (answer["reachable_by"], answer["fixed"]) == (choice, False)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("people", {"peerId": "nobody", "action": "block"}, 422, "bad_peer"),
        ("people", {"peerId": "", "action": "block"}, 422, "bad_peer"),
        ("people", {"peerId": "x" * 10_000, "action": "block"}, 400, "bad_request"),
        ("people", {"peerId": STRANGER, "action": "delete"}, 400, "bad_request"),
        ("people", {"action": "block"}, 400, "bad_request"),
        ("reachable", {"reachable_by": "everybody"}, 400, "bad_request"),
    ],
)
def test_what_is_no_decision_is_refused(
    node: NodeProcess, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = post(node, path, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_goop_toml_says_is_not_chosen_at_home(tmp_path: Path) -> None:
    (tmp_path / "goop.toml").write_text('[node]\nreachable_by = "friends"\n')
    alice = start_node(tmp_path / "alice")
    try:
        answer = post(alice, "reachable", reachable_by="discovered")
        assert (answer.status_code, answer.json()["code"]) == (409, "fixed")
    finally:
        alice.stop()
