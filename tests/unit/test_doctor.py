# SPDX-License-Identifier: MIT
"""``goop doctor``: what it says of each thing, and of what it cannot look at."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.cli import doctor as command
from goop_node.cli.doctor import doctor
from goop_node.commands import NodeClient, StartError
from goop_node.config.model import NodeConfig
from goop_node.data.ready import write_ready
from goop_node.doctor import machine, running
from goop_node.findings import Finding, ok
from goop_node.plugins.environment import Candidate

P2P = {"state": "online", "error": None, "restarts": 0, "notice": "", "twice": []}
BOB = {"peerId": "12D3KooWbobbob", "peerLabel": "Bob", "standing": "friend", "trouble": ""}


def told(found: Iterable[Finding], what: str = "") -> list[tuple[str, str]]:
    return [(one.level, one.words) for one in found if what in ("", one.what)]


def config(folder: Path, **more: Any) -> NodeConfig:
    return NodeConfig(**{"data": folder, "http_port": 0, "listen": (), **more})


@pytest.mark.parametrize(
    ("free", "level"), [(10**12, "ok"), (100 * 10**6, "note"), (10**6, "wrong")]
)
def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    ((found, words),) = told(machine.look(config(tmp_path), running=True), "data")
    assert (found, f"{free // machine.MEGABYTE:,} MB free" in words) == (level, True)


def test_a_folder_that_is_none_and_files_set_aside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = machine.look(config(tmp_path / "file" / "data"), running=True)
    assert told(found, "data") == [("wrong", f"{tmp_path / 'file'} cannot be written")]
    (tmp_path / "tokens.json.bad-1").write_text("")
    (first, *rest) = told(machine.look(config(tmp_path), running=True), "data")
    assert first[0] == "ok"
    assert [level for level, _ in rest] in ([], ["note"])


def test_a_clock_that_cannot_be_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    found = told(machine.look(config(tmp_path), running=True), "clock")
    assert [level for level, _ in found] == ["wrong"]


def test_ports_of_a_node_that_does_not_run(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        port, free = taken.getsockname()[1], other.getsockname()[1]
        other.close()
        given = config(tmp_path, http_port=free, listen=(f"/ip4/127.0.0.1/tcp/{port}",))
        found = told(machine.look(given, running=False), "ports")
        assert told(machine.look(given, running=True), "ports") == []
    use = "is in use by another program; use --listen MULTIADDR"
    assert found == [
        ("ok", f"http: port {free} on 127.0.0.1 is free"),
        ("wrong", f"listen: port {port} on 127.0.0.1 {use}"),
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("ok", "online")),
        ({"state": "failed", "error": "no sockets"}, ("wrong", "failed: no sockets")),
        ({"restarts": 2}, ("note", "it had to start again 2 times; the log says why")),
        ({"notice": "a peer is loud"}, ("note", "a peer is loud")),
        ({"twice": ["12D3"]}, ("wrong", "another node has the same key: 12D3")),
    ],
)
def test_the_network(more: dict[str, Any], expected: tuple[str, str]) -> None:
    assert told(running.network({**P2P, **more}))[-1] == expected


MDNS = {"mode": "goop", "networks": [], "absent": [], "found": 0}
WLAN = {"interface": "wlan0", "version": 4, "state": "told", "error": ""}


@pytest.mark.parametrize(
    ("more", "level", "words"),
    [
        ({"mode": "off"}, "note", "nobody is looked for"),
        ({}, "note", "there is none"),
        ({"absent": ["wlan9"]}, "wrong", "no such interface"),
        ({"networks": [{**WLAN, "error": "Address already in use"}]}, "wrong", "wlan0, IPv4"),
        ({"networks": [WLAN], "found": 3}, "ok", "wlan0, IPv4: others are looked for"),
    ],
)
def test_the_local_network(more: dict[str, Any], level: str, words: str) -> None:
    (first, *rest) = told(running.neighbours({**MDNS, **more}))
    assert (first[0], words in first[1]) == (level, True)
    assert any("3 found" in line for _, line in rest) == ("found" in more)


@pytest.mark.parametrize("takes", [True, False])
def test_addresses(monkeypatch: pytest.MonkeyPatch, takes: bool) -> None:
    monkeypatch.setattr(running, "_takes", lambda host, port: takes)
    assert told(running.addresses(["/ip4/127.0.0.1/tcp/1/p2p/x"]))[0][0] == "note"
    addrs = ["/ip4/192.168.1.7/tcp/8788/p2p/x", "/ip6/2a01:4f8::1/tcp/8788/p2p/x"]
    levels = [level for level, _ in told(running.addresses(addrs), "addresses")]
    assert levels == (["note", "ok"] if takes else ["wrong", "wrong"])
    ((level, words),) = told(running.addresses(addrs), "firewall")
    assert (level, "TCP port 8788" in words) == ("note", True)


def test_templates() -> None:
    rows = [{"name": "a", "flaws": []}, {"name": "b", "flaws": ["b/manifest.json: /name: found 3"]}]
    found = told(running.templates(rows))
    assert found == [("wrong", "b/manifest.json: /name: found 3")]


def test_plugins_and_people() -> None:
    broken = {"name": "chess", "error": "snapshot() failed", "place": "game.py:7"}
    status: dict[str, Any] = {"plugins": [broken], "databases": {"chess": "locked"}}
    assert told(running.plugins(status)) == [
        ("wrong", "chess: snapshot() failed (game.py:7)"),
        ("wrong", "the database of chess: locked"),
    ]
    rows = [
        {**BOB, "addresses": []},
        {**BOB, "addresses": ["/ip4/1.2.3.4/tcp/1"], "trouble": "nobody answers"},
        {**BOB, "addresses": [], "standing": "blocked", "trouble": "x"},
    ]
    found = told(running.people({"reachable_by": "friends", "people": rows}))
    assert [level for level, _ in found] == ["note", "ok", "wrong", "note"]
    assert found[2][1] == "Bob (…bobbob): nobody answers [/ip4/1.2.3.4/tcp/1]"


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Candidate]:
    """What packages bring, beside which nothing is looked at."""
    brought: list[Candidate] = []
    write_ready(tmp_path, {"url": "http://127.0.0.1:1", "token": "t"})
    monkeypatch.setattr(machine, "look", lambda config, running: [ok("data", "here")])
    monkeypatch.setattr(running, "look", lambda node: [ok("node", "runs")])
    monkeypatch.setattr(command, "from_packages", lambda group: tuple(brought))
    return brought


def test_what_cannot_be_looked_at_keeps_nothing_else_away(
    looks: list[Candidate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(node: NodeClient) -> Iterator[Finding]:
        yield ok("a", "begun\x1b[2J")
        raise StartError(["the node is busy"])

    def load() -> object:
        raise ImportError("no such module")

    looks.append(Candidate(name="broken", load=load))
    looks.append(Candidate(name="none", load=lambda: 7))
    looks.append(Candidate(name="refusing", load=lambda: refuses))
    looks.append(Candidate(name="last", load=lambda: lambda node: [ok("last", "seen")]))
    assert doctor(config(tmp_path), as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["what"], one["level"]) for one in found] == [
        ("data", "ok"),
        ("node", "ok"),
        ("broken", "wrong"),
        ("none", "wrong"),
        ("a", "ok"),
        ("refusing", "wrong"),
        ("last", "ok"),
    ]
    assert doctor(config(tmp_path), as_json=False) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "the node is busy" in out


def test_nothing_wrong_is_told_by_the_exit_code(looks: list[Candidate], tmp_path: Path) -> None:
    assert doctor(config(tmp_path), as_json=False) == 0


@pytest.mark.parametrize(
    "given",
    [
        Finding(what=None, level="ok", words=""),  # type: ignore[arg-type]
        Finding(what="a", level="fatal", words=""),  # type: ignore[arg-type]
        Finding(what="a", level="ok", words=7),  # type: ignore[arg-type]
        Finding(what="a", level="ok", words="", do=b""),  # type: ignore[arg-type]
        SystemExit(3),
    ],
)
def test_what_a_package_tells_is_held_against_its_type(
    looks: list[Candidate],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: Finding | SystemExit,
) -> None:
    def look(node: NodeClient) -> Iterator[Finding]:
        if isinstance(given, SystemExit):
            raise given
        yield given

    looks.append(Candidate(name="odd", load=lambda: look))
    looks.append(Candidate(name="last", load=lambda: lambda node: [ok("last", "seen")]))
    assert doctor(config(tmp_path), as_json=True) == 1
    levels = {one["what"]: one["level"] for one in json.loads(capsys.readouterr().out)}
    assert (levels["odd"], levels["last"]) == ("wrong", "ok")
