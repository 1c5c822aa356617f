# SPDX-License-Identifier: MIT
"""A broken plugin is found before a start: named with its line, and nobody else is touched."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from goop_node.access import table
from goop_node.cli.check import check
from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.plugins import interrupts
from goop_node.plugins.environment import Candidate
from goop_node.plugins.routes import HOST_PATHS
from goop_node.plugins.status import PluginError, PluginStatus
from goop_node.web.app import application, create_app
from goop_node.web.origins import Origins
from goop_realtime.plugin import RealtimePlugin
from tests.planted.faults import BEFORE_START, HARMLESS, WARNED
from tests.planted.planting import GOOD, Planted

# What the framework deprecates is not what is looked at here.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
REALTIME = Candidate(name="realtime", load=lambda: RealtimePlugin)


@pytest.fixture(autouse=True)
def _as_a_command() -> Iterator[None]:
    """Ctrl-C is what a command makes of it, so that a plugin's own can be told from it."""
    with interrupts.interruptible():
        yield


def candidates(planted: Planted, folder: Path) -> list[Candidate]:
    """The broken plugin, a good one, realtime, and a context of the good kind."""
    tally = Planted(
        "tally",
        "",
        "class Plugin:\n    @hookimpl\n    def realtime_contexts(self, node): return [context()]",
    )
    return [planted.plant(folder), GOOD.plant(folder), tally.plant(folder), REALTIME]


def config_of(folder: Path, found: list[Candidate], strict: bool = False) -> NodeConfig:
    return NodeConfig(data=folder, plugins={one.name: {} for one in found}, strict=strict)


def status_of(node: Node) -> dict[str, PluginStatus]:
    return {one.name: one for one in node.plugin_status()}


@pytest.mark.parametrize("planted", BEFORE_START, ids=lambda planted: planted.name)
def test_goop_check_names_a_broken_plugin_with_its_line(
    planted: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = candidates(planted, tmp_path)
    assert check(config_of(tmp_path / "data", found), found, as_json=True) == 1
    said = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    bad = said.pop(planted.name)
    assert bad["level"] == "wrong"
    assert planted.words in bad["words"]
    file = tmp_path / f"planted_{planted.name}.py"
    place = f"{file}:{planted.line}" if planted.line else str(file)
    assert bad["place"].startswith(place)
    assert {one["level"] for one in said.values()} == {"ok"}


@pytest.mark.parametrize("planted", BEFORE_START[::7], ids=lambda planted: planted.name)
def test_a_broken_plugin_hurts_nobody(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = candidates(planted, tmp_path)
    node = Node(config_of(tmp_path, found), found)
    status = status_of(node)
    bad = status.pop(planted.name)
    assert bad.status == "failed"
    assert {one.error for one in status.values()} == {None}
    assert status["zgood"].brings == {"contexts": ("zgood",)}
    assert [plugin for plugin, _ in node.routes if plugin == planted.name] == []
    create_app(node)  # with the others' endpoints
    (record,) = [one for one in caplog.records if "is left out" in one.message]
    assert planted.name in record.message
    assert bad.place in record.message
    assert len(caplog.text) < 2000
    with pytest.raises(PluginError) as caught:
        Node(config_of(tmp_path, found, strict=True), found)
    assert caught.value.plugin == planted.name


def test_check_says_so_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planted = BEFORE_START[2]
    found = candidates(planted, tmp_path)
    assert check(config_of(tmp_path / "data", found), found) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"plugin {planted.name}: ")
    assert f"planted_{planted.name}.py:" in line


@pytest.mark.parametrize("planted", HARMLESS, ids=lambda planted: planted.name)
def test_an_odd_plugin_takes_part(planted: Planted, tmp_path: Path) -> None:
    found = candidates(planted, tmp_path)
    node = Node(config_of(tmp_path, found, strict=True), found)
    assert {one.status for one in node.plugin_status()} == {"active"}
    create_app(node)


@pytest.mark.parametrize("planted", WARNED, ids=lambda planted: planted.name)
def test_what_does_nothing_is_warned_of(
    planted: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = candidates(planted, tmp_path)
    assert check(config_of(tmp_path / "data", found), found) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"plugin {planted.name}: warning: ")
    assert planted.words in line
    assert not planted.line or f"planted_{planted.name}.py:{planted.line}" in line


def test_a_persons_interrupt_is_nobodys_fault(tmp_path: Path) -> None:
    planted = Planted(
        "told",
        "",
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(10**9): pass\n",
    )
    found = candidates(planted, tmp_path)
    with pytest.raises(interrupts.Interrupted):
        Node(config_of(tmp_path, found), found)


def test_a_start_that_ended_in_a_plugin_is_remembered_once(tmp_path: Path) -> None:
    (tmp_path / "loading.json").write_text('{"plugin": "zgood", "doing": "loading"}')
    found = candidates(HARMLESS[0], tmp_path)
    status = status_of(Node(config_of(tmp_path, found), found))
    assert status["zgood"].status == "failed"
    assert "the process ended the last time in loading" in str(status["zgood"].error)
    assert "start again to try it again" in str(status["zgood"].error)
    status = status_of(Node(config_of(tmp_path, found), found))
    assert status["zgood"].status == "active"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plugin": 7}', "\0", '{"plugin": "a"}'])
def test_a_marker_that_says_nothing_accuses_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / "loading.json").write_text(text)
    found = candidates(HARMLESS[0], tmp_path)
    node = Node(config_of(tmp_path, found), found)
    assert {one.status for one in node.plugin_status()} == {"active"}
    assert not (tmp_path / "loading.json").exists()


def test_no_plugin_takes_a_name_of_the_hosts_own_endpoints(tmp_path: Path) -> None:
    app = application(Node(NodeConfig(data=tmp_path), []), Origins(port=1, templates=()))
    paths = {row.path.split("/")[2] for row in table(app) if row.path.startswith("/api/")}
    assert {path for path in paths if "." not in path} <= HOST_PATHS, "reserve the new name, too"
    peers = next(planted for planted in BEFORE_START if planted.name == "peers")
    names = sorted(HOST_PATHS)
    found = [dataclasses.replace(peers, name=name).plant(tmp_path) for name in names]
    node = Node(config_of(tmp_path, found), found)
    assert {one.status for one in node.plugin_status()} == {"failed"}
    assert all("is the node's own" in str(one.error) for one in node.plugin_status())
