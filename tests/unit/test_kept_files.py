# SPDX-License-Identifier: MIT
"""Whatever stands in the files of DATA: the node starts, or says in words why not."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.cli import ports
from goop_node.cli.ports import bind_http
from goop_node.config.model import NodeConfig, StartError
from goop_node.data import kept_files, own_label, ready
from goop_node.data.kept_files import (
    NotKeptError,
    aside_in,
    read_kept,
    set_aside,
    write_kept,
)
from goop_node.data.ready import only_node, read_ready
from goop_node.node import Node
from goop_node.own_network import IDENTITY_FILE
from goop_node.p2p import decisions
from goop_node.plugins.loading import MARKER
from goop_node.templates import grants
from goop_node.web import tokens
from goop_node.web.tokens import MIN_SECRET, Tokens

KEPT = (
    tokens.FILE,
    own_label.FILE,
    grants.FILE,
    ports.PORTS_FILE,
    "friends.json",
    "seen.json",
    decisions.FILE,
    decisions.COPY,
)
"""Those that are set aside when they are bad."""
FILES = (*KEPT, MARKER, ready.READY_FILE, IDENTITY_FILE)
GOOD: dict[str, object] = {
    tokens.FILE: {"bearer": "b" * 43, "secret": "s" * 43},
    own_label.FILE: {"label": "Alice"},
    grants.FILE: {"alpha": {"source": "folder /x", "permissions": ["camera"]}},
    ports.PORTS_FILE: {"http 127.0.0.1": 8787},
    "friends.json": {"12D3KooWA": ["/ip4/127.0.0.1/tcp/1"]},
    "seen.json": {},
    decisions.FILE: {"blocked": {}},
    decisions.COPY: {"blocked": {}},
    MARKER: {"plugin": "chess", "doing": "import"},
    ready.READY_FILE: {"pid": 1, "url": "http://127.0.0.1:1"},
    IDENTITY_FILE: "no key",
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(["", "b" * 31, "b" * 43, "é" * 43, "b" * 43 + "\n", " " * 43, "\0" * 43]),
    lambda some: (
        st.lists(some, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bearer", "secret", "label", "alpha", "pid", "url", "http 127.0.0.1"])
            | st.text(max_size=5),
            some,
            max_size=4,
        )
    ),
    max_leaves=8,
)
CONTENTS = st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode())


def start(data: Path) -> Node:
    """What a start reads, without the network. Raises ``StartError``."""
    with only_node(data), bind_http("127.0.0.1", 0, data):
        node = Node(NodeConfig(data=data, strict=True), candidates=[])
        assert node.p2p.peers is not None
        found = node.tokens
        assert len(found.bearer) >= MIN_SECRET
        assert not found.is_bearer("")
        assert not found.templates_of(f"goop_{found.node_tag}=.")
        assert 1 <= len(node.label) <= 64
        assert node.label.isprintable()
        return node


def words(data: Path) -> str:
    """Why the node does not start, ``""`` when it does."""
    try:
        start(data)
    except StartError as error:
        return str(error)
    return ""


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(FILES), CONTENTS, min_size=1))
def test_any_content(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for name, content in contents.items():
            (data / name).write_bytes(content)
        why = words(data)
        if IDENTITY_FILE in contents:
            assert IDENTITY_FILE in why
            assert (data / IDENTITY_FILE).read_bytes() == contents[IDENTITY_FILE]
            return
        assert not why
        # The next start finds nothing to set aside.
        aside = aside_in(data)
        assert not words(data)
        assert aside_in(data) == aside


@pytest.mark.parametrize("name", KEPT)
def test_what_is_good_stays(tmp_path: Path, name: str) -> None:
    write_kept(tmp_path / name, GOOD[name])
    node = start(tmp_path)
    assert aside_in(tmp_path) == []
    if name == tokens.FILE:
        assert node.tokens.bearer == "b" * 43
    if name == own_label.FILE:
        assert node.label == "Alice"


ODD = [
    *("folder", "pipe", "dangling", "loop", "huge", "empty", "deep"),
    *("socket", "device", "unreadable", "unwritable"),
]


@pytest.mark.parametrize("name", [*FILES, ready.LOCK_FILE])
@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_of_ours(
    tmp_path: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    match kind:
        case "folder":
            path.mkdir()
            (path / "x").touch()
        case "pipe":
            os.mkfifo(path)
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "loop":
            path.symlink_to(path)
        case "huge":
            with path.open("wb") as file:
                file.truncate(kept_files.MAX_BYTES + 1)
        case "empty":
            path.touch()
        case "deep":
            path.write_text("[" * 100_000, encoding="ascii")
        case "socket":
            monkeypatch.chdir(tmp_path)  # such a path may not be long
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(name)
        case "device":
            path.symlink_to("/dev/zero")
        case "unreadable":
            path.write_text("x", encoding="ascii")
            deny(monkeypatch, "open", path)
        case "unwritable":
            path.write_text("[", encoding="ascii")
            deny(monkeypatch, "replace", path)
    why = words(tmp_path)
    if name in (IDENTITY_FILE, ready.LOCK_FILE):
        # These cannot be made anew: it is said which it is, in a line, or it works.
        assert (name in why.replace(str(tmp_path), "") and "\n" not in why) or (
            not why and name == ready.LOCK_FILE
        )
        assert os.path.lexists(path)
        return
    if name == tokens.FILE and kind == "unwritable":
        assert f"{name}: Permission denied" in why
        return
    if name == ports.PORTS_FILE and kind == "unwritable":
        assert "cannot be written (Permission denied)" in why
        return
    assert not why
    if name in KEPT and kind not in ("dangling", "unwritable"):
        assert aside_in(tmp_path) == [f"{name}.bad"]


def deny(monkeypatch: pytest.MonkeyPatch, function: str, path: Path) -> None:
    """Let the operating system refuse one path, as it does where the file is another user's."""
    real = getattr(os, function)

    def refuse(*arguments: Any, **more: Any) -> Any:
        if str(path) in map(str, arguments):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(*arguments, **more)

    monkeypatch.setattr(os, function, refuse)


@pytest.mark.parametrize(
    "kept",
    [
        {"bearer": "", "secret": "s" * 43},
        {"bearer": "b" * 43, "secret": ""},
        {"bearer": "b" * 31, "secret": "s" * 43},
        {"bearer": None, "secret": "s" * 43},
        {"bearer": " " * 43, "secret": "s" * 43},
        {"bearer": "b" * 43 + "\n", "secret": "s" * 43},
        {"bearer": "é" * 43, "secret": "s" * 43},
        {"bearer": "b" * 43},
        ["b" * 43, "s" * 43],
    ],
)
def test_a_short_secret_is_none(
    tmp_path: Path, kept: object, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / tokens.FILE
    path.write_text(json.dumps(kept), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        made = Tokens.load_or_create(tmp_path)
    assert len(made.bearer) >= MIN_SECRET
    assert "tokens.json.bad" in caplog.text
    assert json.loads((tmp_path / "tokens.json.bad").read_text(encoding="utf-8")) == kept
    assert Tokens.load_or_create(tmp_path).bearer == made.bearer
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("bearer", "secret"), [("", "s" * 43), ("b" * 43, ""), ("", "")])
def test_there_are_no_tokens_without_secrets(bearer: str, secret: str) -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        Tokens(bearer, secret)


def test_bad_ones_are_kept_up_to_a_number(tmp_path: Path) -> None:
    path = tmp_path / "label.json"
    for number in range(2 * kept_files.MAX_ASIDE):
        path.write_text(str(number), encoding="ascii")
        set_aside(path, "no label")
    aside = aside_in(tmp_path)
    assert len(aside) == kept_files.MAX_ASIDE
    assert (tmp_path / aside[0]).read_text(encoding="ascii") == "0"


def test_what_cannot_be_set_aside_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "label.json"
    path.touch()

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with caplog.at_level(logging.WARNING):
        assert read_kept(path, json.loads) is None
    assert "it cannot be set aside: Permission denied" in caplog.text


def test_a_disk_without_room_is_said_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: object) -> None:
        raise NotKeptError(28, "No space left on device", str(path))

    monkeypatch.setattr(tokens, "write_kept", full)
    with pytest.raises(StartError, match=r"tokens\.json: No space left on device"):
        assert Node(NodeConfig(data=tmp_path)).tokens


def test_what_runs_is_told_only_where_it_makes_sense(tmp_path: Path) -> None:
    with only_node(tmp_path):
        for content in ('{"pid": "x\\n", "url": 3}', "[", '{"pid": 1, "url": "\\n"}'):
            (tmp_path / ready.READY_FILE).write_text(content, encoding="utf-8")
            with (
                pytest.raises(StartError, match="a node already runs") as caught,
                only_node(tmp_path),
            ):
                pass
            assert "process" not in str(caught.value)
    assert read_ready(tmp_path / "nowhere") == {}
