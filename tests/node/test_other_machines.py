# SPDX-License-Identifier: MIT
"""Pages on an address that is not loopback alone: a printed key lets one browser in, once.

127.0.0.2 stands for such an address: to the node it is none of loopback's names.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from goop_node.testing import NodeProcess
from tests.limits import HANG

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A node on 127.0.0.2."""
    places = ("--http", "127.0.0.2:0", "--listen", "/ip4/127.0.0.1/tcp/0")
    node = NodeProcess(tmp_path / "node", places)
    yield node
    node.stop()


def key_of(node: NodeProcess) -> str:
    """The address with the key, which the terminal shows a moment after the node answers."""
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        printed = re.search(r"Ready: (http://127\.0\.0\.2:\d+/\?key=\S+) ", node.log.read_text())
        if printed is not None:
            return printed[1]
        time.sleep(0.02)
    raise AssertionError(f"no address with a key in {node.log.read_text()}")


def test_the_printed_key_lets_one_browser_in(node: NodeProcess) -> None:
    printed = key_of(node)
    assert "can be reached from other machines" in node.log.read_text()
    with httpx.Client(base_url=node.url, headers=NAVIGATION) as stranger:
        assert "set-cookie" not in stranger.get("/").headers
        assert stranger.get("/?key=guessed").headers.get("set-cookie") is None
        assert stranger.get("/api/self").status_code == 401
    with httpx.Client(headers=NAVIGATION) as browser:
        assert "HttpOnly" in browser.get(printed).headers["set-cookie"]
        assert browser.get(f"{node.url}/api/self").json()["id"] == node.peer_id
    with httpx.Client(headers=NAVIGATION) as late:
        refused = late.get(printed)
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
        assert "text/html" in refused.headers["content-type"]
        assert "terminal shows the address with the next one" in refused.text
        assert f"http://localhost:{node.port}/" in refused.text
        # What the terminal shows now lets the next browser in.
        again = re.search(r"The next one needs: (http://\S+)", node.log.read_text())
        assert again is not None
        assert again[1] != printed
        assert "HttpOnly" in late.get(again[1]).headers["set-cookie"]
        assert late.get(f"{node.url}/api/self").status_code == 200


def test_a_browser_of_the_same_machine_needs_no_key(node: NodeProcess) -> None:
    at = f"http://127.0.0.1:{node.port}"
    named = {**NAVIGATION, "Host": f"localhost:{node.port}"}
    with httpx.Client(headers=named) as browser:
        answer = browser.get(f"{at}/")
        assert "HttpOnly" in answer.headers["set-cookie"]
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert browser.get(f"{at}/api/self", headers=cookie).json()["id"] == node.peer_id
        # By whatever way it came from elsewhere, it is none of this machine.
        for elsewhere in ({"X-Forwarded-For": "192.0.2.1"}, {"Via": "1.1 proxy"}):
            assert "set-cookie" not in browser.get(f"{at}/", headers=elsewhere).headers
        assert browser.get(f"{at}/", headers={"Host": f"x.example:{node.port}"}).status_code == 421


def test_who_was_not_let_in_is_told_how(node: NodeProcess) -> None:
    answer = httpx.get(f"{node.url}/api/self")
    assert (answer.status_code, answer.json()["code"]) == (401, "no_credential")
    assert "address with ?key= that the node's terminal shows" in answer.json()["detail"]


def test_only_the_named_host_is_answered(node: NodeProcess) -> None:
    port = node.port
    for host, status in ((f"127.0.0.2:{port}", 200), (f"evil.example:{port}", 421)):
        answer = httpx.get(f"{node.url}/api/self", headers={**node.headers, "Host": host})
        assert answer.status_code == status


def test_nobody_is_home_where_templates_share_the_origin(node: NodeProcess) -> None:
    printed = key_of(node)
    origin = {"Origin": node.url}
    with httpx.Client(base_url=node.url, headers=NAVIGATION) as browser:
        assert browser.get(printed).status_code == 200
        browser.headers["Accept"] = "*/*"  # as scripts of a page ask
        assert browser.get("/api/templates").status_code == 200
        for answer in (
            browser.get("/api/status"),
            browser.get("/api/invite"),
            browser.post("/api/self", json={"label": "Eve"}, headers=origin),
            browser.post("/api/friends", json={"address": "x"}, headers=origin),
        ):
            assert answer.status_code == 403
            assert answer.json()["code"] == "home_only"
            assert "shares its address with the templates" in answer.json()["detail"]
    assert httpx.get(f"{node.url}/api/status", headers=node.headers).status_code == 200
    renamed = httpx.post(f"{node.url}/api/self", json={"label": "Eve"}, headers=node.headers)
    assert renamed.json()["label"] == "Eve"
