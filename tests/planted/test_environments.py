# SPDX-License-Identifier: MIT
"""Broken metadata of installed packages, and plugins that end the process."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from importlib.metadata import distributions
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.config.model import ConfigError, NodeConfig
from goop_node.node import Node
from goop_node.plugins import loading
from goop_node.plugins.environment import Environment, read_environment
from goop_node.plugins.loading import MARKER, Loading
from goop_node.testing import start_node
from tests.planted.planting import Planted

POINTS = "[goop_node]\n{name} = {module}:Plugin\n"


def package(
    folder: Path, name: str, version: str = "1.0", plugin: str = "", points: bytes | None = None
) -> Path:
    """The metadata of a distribution, as an installer leaves it."""
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    text = POINTS.format(name=plugin or name, module=f"planted_{plugin or name}").encode()
    (place / "entry_points.txt").write_bytes(text if points is None else points)
    return place


def environment_of(*folders: Path) -> Environment:
    return read_environment(distributions(path=[str(folder) for folder in folders]))


def test_what_is_left_over_hides_nothing_and_is_named(tmp_path: Path) -> None:
    good = package(tmp_path, "good")
    (tmp_path / ".dist-info").mkdir()
    (tmp_path / "good-0.0.9.dist-info").mkdir()
    found = environment_of(tmp_path)
    (plugin,) = found.plugins
    assert (plugin.name, plugin.version, plugin.module) == ("good", "1.0", "planted_good")
    assert plugin.source == f"{good}/entry_points.txt"
    assert sorted(found.complaints) == [
        f"{tmp_path / name} is left over and says nothing; remove it"
        for name in (".dist-info", "good-0.0.9.dist-info")
    ]


@pytest.mark.parametrize(
    "points", [b"\xff\xfe[goop_node]", b"[goop_node]\nbad", b"bad = bad:Bad\n[goop_node", b"\x80"]
)
def test_entry_points_that_cannot_be_read_hide_no_others(tmp_path: Path, points: bytes) -> None:
    package(tmp_path, "good")
    bad = package(tmp_path, "bad", points=points)
    found = environment_of(tmp_path)
    assert [plugin.name for plugin in found.plugins] == ["good"]
    assert all(str(bad) in complaint for complaint in found.complaints)
    assert not found.complaints or "install that package again" in found.complaints[0]
    if found.complaints:
        # The plugin that is asked for and missing is told with that, and the node is there.
        candidates = found.candidates(["good", "bad"])
        config = NodeConfig(data=tmp_path, plugins={"bad": {}})
        (status,) = Node(config, candidates).plugin_status()
        assert str(bad) in str(status.error)


def test_an_unknown_plugin_is_a_mistake_where_nothing_may_explain_it(tmp_path: Path) -> None:
    package(tmp_path, "good")
    candidates = environment_of(tmp_path).candidates(["god"])
    with pytest.raises(ConfigError, match='did you mean "good"'):
        Node(NodeConfig(data=tmp_path, plugins={"god": {}}), candidates)


@pytest.mark.parametrize("value", ["", "not a module", "x:", ":x", "a b:c", "x;y"])
def test_a_value_that_names_no_module_is_told_with_its_file(tmp_path: Path, value: str) -> None:
    place = package(tmp_path, "odd", points=f"[goop_node]\nodd = {value}\n".encode())
    found = environment_of(tmp_path)
    node = Node(NodeConfig(data=tmp_path, plugins={"odd": {}}), found.candidates(["odd"]))
    (status,) = node.plugin_status()
    assert status.status == "failed"
    assert str(place) in f"{status.error} {status.place}"


@pytest.mark.parametrize("name", ["a" * 65, "a b", "ä", "a.b", "../x", "a\u202eb", "_x"])
def test_a_plugin_whose_name_is_none_is_named_with_its_file(tmp_path: Path, name: str) -> None:
    place = package(tmp_path, "odd", points=f"[goop_node]\n{name} = odd:Odd\ngood = a:b".encode())
    found = environment_of(tmp_path)
    assert [plugin.name for plugin in found.plugins] == ["good"]
    (complaint,) = found.complaints
    assert complaint.startswith(f"{place}/entry_points.txt names a plugin ")
    assert len(complaint) < len(str(place)) + 200


@pytest.mark.parametrize(
    ("name", "version"), [("a\n b", "1.0"), ("x" * 999, "1"), ("a", "1\n \u202e2")]
)
def test_a_package_whose_name_or_version_is_none_is_left_out(
    tmp_path: Path, name: str, version: str
) -> None:
    place = package(tmp_path, "odd")
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    found = environment_of(tmp_path)
    assert not found.plugins
    (complaint,) = found.complaints
    assert complaint.startswith(f"{place}/METADATA says ")


def test_one_package_twice_is_used_once_and_told(tmp_path: Path) -> None:
    first = package(tmp_path / "a", "goop_x", "1.0", "x")
    second = package(tmp_path / "b", "goop-x", "2.0", "x")
    found = environment_of(tmp_path / "a", tmp_path / "b", tmp_path / "a")
    assert [plugin.version for plugin in found.plugins] == ["1.0"]
    (complaint,) = found.complaints
    assert complaint.startswith("goop-x is installed twice: ")
    assert str(first) in complaint
    assert str(second) in complaint


def test_two_packages_with_one_plugin_are_both_named_and_neither_is_used(tmp_path: Path) -> None:
    first = package(tmp_path, "one", plugin="x")
    second = package(tmp_path, "two", plugin="x")
    found = environment_of(tmp_path)
    node = Node(NodeConfig(data=tmp_path, plugins={"x": {}}), found.candidates(["x"]))
    (status,) = node.plugin_status()
    assert status.status == "failed"
    assert "remove all but one" in str(status.error)
    assert str(first) in str(status.error)
    assert str(second) in str(status.error)


@settings(
    deadline=None,
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(
        st.tuples(
            st.sampled_from(["METADATA", "entry_points.txt", "RECORD", "top_level.txt"]),
            st.binary(max_size=30)
            | st.sampled_from([b"[goop_node]\nx = x:X\n", b"Name: q\nVersion: 1", b"[a]\n[a]\n="]),
        ),
        max_size=3,
    ),
    name=st.sampled_from(["", "q", "q-1", "good-9", "-", "q-1-2", "..", "ü"]),
)
def test_any_metadata_at_all(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, bytes]], name: str
) -> None:
    folder = tmp_path_factory.mktemp("metadata")
    package(folder, "good")
    place = folder / f"{name}.dist-info"
    place.mkdir()
    for file, content in files:
        (place / file).write_bytes(content)
    found = environment_of(folder)
    assert "good" in [plugin.name for plugin in found.plugins]
    Node(NodeConfig(data=folder / "data", plugins={"good": {}}), found.candidates(["good"]))


def test_what_blocks_a_start_is_named(
    tmp_path: Path,
) -> None:
    told = threading.Event()
    said: list[str] = []

    class Tell(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{record.getMessage()}\n{record.stack_info}")
            told.set()

    handler = Tell()
    loading.log.addHandler(handler)
    try:
        with Loading(tmp_path, limit=0.01).step("slow", "loading"):
            assert (tmp_path / MARKER).read_text() == '{"plugin": "slow", "doing": "loading"}'
            assert told.wait(60)
    finally:
        loading.log.removeHandler(handler)
    assert said[0].startswith(
        "plugin slow blocks the node's start for more than 0.01 s, in loading"
    )
    assert "in test_what_blocks_a_start_is_named" in said[0]
    assert not (tmp_path / MARKER).exists()


def test_steps_within_steps_name_the_innermost(tmp_path: Path) -> None:
    loaded = Loading(tmp_path)
    with loaded.step("realtime", "goop_lifespan()"):
        with loaded.step("chess", "realtime_contexts()"):
            assert "chess" in (tmp_path / MARKER).read_text()
        assert "realtime" in (tmp_path / MARKER).read_text()
    assert Loading(tmp_path).suspect is None


ENDS = Planted("ends", "", "import os\nos._exit(7)  #!\n")
LEAVES = Planted(
    "leaves",
    "SystemExit: 4",
    "class Plugin:\n    @hookimpl\n    def goop_templates(self): sys.exit(4)",
)
HELLO = Planted(
    "hello",
    "",
    "class Plugin:\n    @hookimpl\n    def realtime_contexts(self, node): return [context()]",
)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder first on the path of processes, with everything that can be wrong in one."""
    site = tmp_path / "site"
    site.mkdir()
    for planted in (ENDS, LEAVES, HELLO):
        planted.plant(site)
        package(site, planted.name)
    (site / ".dist-info").mkdir()
    (site / "goop_chess-0.0.9.dist-info").mkdir()
    package(site, "unreadable", points=b"\xff\xfe")
    monkeypatch.setenv("PYTHONPATH", str(site))
    names = ("realtime", "chess", "ends", "leaves", "hello", "unreadable")
    text = "".join(f"[plugins.{name}]\n" for name in names)
    (tmp_path / "goop.toml").write_text(text)
    return tmp_path


def test_check_and_a_second_start_name_who_ended_the_process(
    broken: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    goop = [sys.executable, "-m", "goop_node"]
    assert subprocess.call([*goop, "check"], cwd=broken, env=os.environ) == 1
    said = capfd.readouterr().err
    assert "plugin ends: the process ended the last time in loading of this plugin" in said
    assert f"planted_ends.py:{ENDS.line})" in said
    assert "plugin leaves: goop_templates(): SystemExit: 4" in said
    assert "plugin unreadable: cannot be loaded" in said
    for line in ("plugin ends:", "plugin leaves:"):
        assert any(one.startswith(line) and "planted_" in one for one in said.splitlines())
    assert "plugin chess:" not in said

    with pytest.raises(RuntimeError):
        start_node(broken / "data", "--config", str(broken / "goop.toml"))
    node = start_node(broken / "data", "--config", str(broken / "goop.toml"))
    try:
        status = httpx.get(f"{node.url}/api/status", headers=node.headers).json()
    finally:
        assert node.stop() == 0
    found = {one["name"]: one["status"] for one in status["plugins"]}
    failed = dict.fromkeys(("ends", "leaves", "unreadable"), "failed")
    assert found == {"realtime": "active", "chess": "active", "hello": "active", **failed}
    log = node.log.read_text()
    assert "plugin ends is left out: the process ended the last time in loading" in log
    assert "goop_chess-0.0.9.dist-info is left over and says nothing; remove it" in log
    assert "/.dist-info is left over" in log
    assert "unreadable-1.0.dist-info/entry_points.txt cannot be read" in log
    assert "Traceback" not in log
