# SPDX-License-Identifier: MIT
"""STUN and TURN servers: what goop.toml may say, and what of it pages get."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from goop_node.config.model import ConfigError, NodeConfig
from goop_node.node import Node
from goop_node.templates.permissions import Permission
from goop_video_call.ice import CREDENTIAL_SECONDS, IceSettingsError, read_settings
from tests.unit.in_process import Client
from tests.unit.spellings import PORT

STUN = {"urls": ["stun:stun.example.org:3478", "stuns:[2001:db8::1]"]}
TURN = {"urls": ["turn:turn.example.org:3478?transport=udp", "turns:192.0.2.1:443"]}
NAMED = {**TURN, "username": "alice", "credential": "pw"}


def client(folder: Path, allow: bool = True, **table: Any) -> Client:
    """A node with that table, and a template of somebody that was given the context or not."""
    (folder / "alpha").mkdir()
    (folder / "alpha" / "index.html").write_text("<!doctype html>", encoding="utf-8")
    config = NodeConfig(
        data=folder / "data",
        http_port=PORT,
        strict=True,
        plugins={"realtime": {}, "video_call": table},
        templates=(folder / "alpha",),
        allowed={"alpha": frozenset({Permission("context:NAME", "video_call")} if allow else ())},
    )
    return Client(Node(config))


async def ask(client: Client) -> tuple[int, Any]:
    """What the template's page is answered."""
    host = f"alpha.localhost:{PORT}".encode()
    headers = [(b"host", host), (b"cookie", client.cookie("alpha")), (b"origin", b"http://" + host)]
    answer = await client.call(b"/api/video_call/ice", headers)
    return answer.status, json.loads(answer.body)


async def test_nothing_is_the_default(tmp_path: Path) -> None:
    assert await ask(client(tmp_path)) == (200, {"iceServers": [], "iceTransportPolicy": "all"})


async def test_a_page_gets_the_servers_and_credentials_for_a_time(tmp_path: Path) -> None:
    node = client(tmp_path, ice_servers=[STUN, TURN], turn_secret="s3cret", relay_only=True)
    status, found = await ask(node)
    assert (status, found["iceTransportPolicy"]) == (200, "relay")
    stun, turn = found["iceServers"]
    assert stun == STUN
    assert turn["urls"] == TURN["urls"]
    digest = hmac.new(b"s3cret", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == digest
    assert "s3cret" not in json.dumps(found)


def test_credentials_say_until_when_they_last(tmp_path: Path) -> None:
    settings = read_settings({"ice_servers": [TURN, NAMED], "turn_secret": "s"}, tmp_path)
    made, named = settings.for_page(1_000_000)["iceServers"]  # type: ignore[misc]
    assert made["username"] == f"{1_000_000 + CREDENTIAL_SECONDS}:goop"  # type: ignore[index]
    assert named == NAMED


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "turn.secret").write_text("s3cret\n")
    table = {"ice_servers": [TURN], "turn_secret": {"file": "turn.secret"}}
    assert read_settings(table, tmp_path).secret == b"s3cret"


async def test_a_page_without_the_context_gets_nothing(tmp_path: Path) -> None:
    status, problem = await ask(client(tmp_path, allow=False, ice_servers=[NAMED]))
    assert (status, problem["code"]) == (403, "permission_needed")
    assert problem["permission"] == "context:video_call"
    assert problem["home"].endswith("#template-alpha")
    assert "pw" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"ice_server": []}, "ice_server: found an unknown key, expected one of ice_servers,"),
        ({"ice_servers": "stun:x"}, 'ice_servers: found "stun:x", expected a list'),
        ({"ice_servers": [{}]}, "ice_servers[0]: found no key urls, expected one"),
        ({"ice_servers": [TURN]}, "ice_servers[0]: found no key username, expected one"),
        (
            {"ice_servers": [{"urls": ["http://x"]}]},
            'ice_servers[0].urls[0]: found "http://x", expected text that matches',
        ),
        (
            {"ice_servers": [{"urls": ["turn:x:port"]}]},
            'e.g. "turn:turn.example.org:3478?transport=udp"',
        ),
        ({"relay_only": 1}, "relay_only: found 1, expected a boolean"),
        ({"turn_secret": 5}, "turn_secret: found 5, expected a string or a table"),
        ({"turn_secret": {"path": "x"}}, "turn_secret: found no key file, expected one"),
        ({"relay_only": True}, "found no key ice_servers, expected one"),
        (
            {"ice_servers": [STUN], "relay_only": True},
            'expected a TURN server ("turn:HOST") for relay_only among them',
        ),
        (
            {"ice_servers": [], "turn_secret": "s"},
            'ice_servers: found [], expected a TURN server ("turn:HOST") for turn_secret among',
        ),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, table: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        client(tmp_path, **table)
    assert sentence in str(told.value)
    lines = str(told.value).splitlines()
    assert len(set(lines)) == len(lines)
    assert all(line.startswith("goop.toml: [plugins.video_call]") for line in lines)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"ice_servers": [TURN], "turn_secret": {"file": "none"}},
            r"turn_secret.file: found \S+none \(No such file or directory\), expected a file",
        ),
        (
            {"ice_servers": [TURN], "turn_secret": {"file": "empty"}},
            r"turn_secret.file: found \S+empty with 0 bytes, expected a secret of",
        ),
    ],
)
def test_a_secret_that_cannot_be_read_is_told(tmp_path: Path, table: Any, sentence: str) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(IceSettingsError, match=sentence):
        read_settings(table, tmp_path)
