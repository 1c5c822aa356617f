# SPDX-License-Identifier: MIT
"""``goop check --plugin``: our own plugins pass, and whatever a plugin does the rest is told."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from goop_node.config.model import NodeConfig, StartError
from goop_node.findings import Finding
from goop_node.gate import process
from goop_node.gate import visit as visits
from goop_node.gate.process import findings
from goop_node.gate.visit import needed, visit
from goop_node.plugins import interrupts
from goop_node.plugins.environment import Candidate, installed
from goop_realtime.contexts.registry import compile_context
from goop_realtime.gate import made
from goop_realtime.gate.look import look
from goop_realtime.new_command import make
from goop_realtime.plugin import RealtimePlugin
from goop_realtime.types import ContextType
from tests.planted.found_by_the_gate import ELSEWHERE
from tests.planted.planting import PRELUDE

REALTIME = Candidate(name="realtime", load=lambda: RealtimePlugin)
WHEEL = "package"
"""The look that takes a second."""


@pytest.fixture(autouse=True)
def _looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """With realtime's look, whatever is installed here."""
    brought = (Candidate(name="contexts", load=lambda: look),)
    monkeypatch.setattr(visits, "from_packages", lambda group: brought)


def visited(
    candidates: Sequence[Candidate], plugin: str, folder: Path, *, wheel: bool = False
) -> list[Finding]:
    """What is found by both visits, here in one process."""

    async def twice() -> list[Finding]:
        found = []
        for first in (True, False):
            config = NodeConfig(
                data=folder / str(first), plugins={one.name: {} for one in candidates}
            )
            found += [
                one
                async for one in visit(
                    config,
                    candidates,
                    plugin,
                    folder,
                    first=first,
                    quick=True,
                    begin=lambda name: wheel or name != WHEEL,
                )
            ]
        return found

    with interrupts.interruptible():
        return asyncio.run(twice())


def package(site: Path, name: str, readme: str, source: Path | None = None) -> None:
    """The metadata of an installed distribution with a plugin."""
    place = site / f"goop_{name}-0.1.0.dist-info"
    place.mkdir()
    head = (
        f"Metadata-Version: 2.4\nName: goop-{name}\nVersion: 0.1.0\nRequires-Dist: goop-realtime\n"
    )
    (place / "METADATA").write_text(f"{head}\n{readme}")
    (place / "entry_points.txt").write_text(f"[goop_node]\n{name} = goop_{name}:Plugin\n")
    if source is not None:
        direct = {"url": source.as_uri(), "dir_info": {"editable": True}}
        (place / "direct_url.json").write_text(json.dumps(direct))


@pytest.mark.parametrize("plugin", ["chess", "video_call", "arcade_rooms"])
def test_our_own_plugins_pass(plugin: str, tmp_path: Path) -> None:
    every = {one.name: one for one in installed().plugins}
    chosen = needed(every[plugin], every.values())
    assert [one.name for one in chosen] == [plugin, "realtime"]
    found = visited(chosen, plugin, tmp_path)
    assert [one for one in found if one.level != "ok"] == []
    assert any("folds took" in one.words for one in found)


def test_what_goop_new_makes_passes_and_its_wheel_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make("plugin", "list", tmp_path)
    site = folder / "src"
    package(tmp_path, "list", (folder / "README.md").read_text(), folder)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(site))
    every = {one.name: one for one in installed().plugins}
    chosen = needed(every["list"], every.values())
    found = visited(chosen, "list", tmp_path / "data", wheel=True)
    assert [one for one in found if one.level != "ok"] == []
    assert [one for one in found if "goop_list-0.1.0-py3-none-any.whl" in one.words]
    # What its build leaves out is named.
    project = folder / "pyproject.toml"
    text = 'packages = ["src/goop_list"]'
    project.write_text(project.read_text().replace(text, f'{text}\nexclude = ["*.css", "*.json"]'))
    (lost,) = [one for one in visited(chosen, "list", tmp_path / "data", wheel=True) if one.do]
    assert "lacks goop_list/logs/two_notes.json and 1 more files" in lost.words
    for name in [name for name in sys.modules if name.partition(".")[0] == "goop_list"]:
        del sys.modules[name]


@pytest.mark.parametrize("planted", ELSEWHERE, ids=lambda planted: planted.name)
def test_a_state_that_another_node_does_not_share(planted: Any, tmp_path: Path) -> None:
    found = visited([planted.plant(tmp_path), REALTIME], planted.name, tmp_path)
    (one,) = [one for one in found if one.level == "wrong"]
    assert planted.words in one.words
    assert one.place.endswith(f"planted_{planted.name}.py:{planted.line}")


UNSAID = """
class Plugin:
    @hookimpl
    def goop_config_schema(self):
        return {"properties": {"size": {"type": "integer"}}}
    @hookimpl
    def realtime_contexts(self, node):
        return [context(messages={"mark": {"properties": {"at": {"pattern": "^q{9}$"}},
                                           "required": ["at"]}})]
"""


def test_what_is_not_documented_or_cannot_be_tried_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "goop_unsaid" / "logs").mkdir(parents=True)
    (site / "goop_unsaid" / "__init__.py").write_text(f"NAME = 'unsaid'\n{PRELUDE}{UNSAID}")
    (site / "goop_unsaid" / "logs" / "odd.json").write_text('{"context": "unsaid", "log": [[1]]}')
    (site / "goop_unsaid" / "logs" / "other.json").write_text('{"context": "unsayd", "log": []}')
    package(site, "unsaid", "")
    monkeypatch.syspath_prepend(str(site))
    every = {one.name: one for one in installed().plugins}
    found = visited(needed(every["unsaid"], every.values()), "unsaid", tmp_path, wheel=True)
    notes = [one.words for one in found if one.level == "note"]
    assert notes == [
        "it has no README",
        "nothing says what size is",
        "nothing says what messages of the types mark are",
        "no mark could be made of its schema, so none was tried",
    ]
    wrong = [(one.what, one.words) for one in found if one.level == "wrong"]
    assert wrong == [
        ("logs", 'other.json is of the context "unsayd", expected unsaid'),
        (
            "unsaid",
            "odd.json is no log: entry 1: expected [NAME, MESSAGE] or [NAME, MESSAGE, MS]",
        ),
    ]
    for name in [name for name in sys.modules if name.partition(".")[0] == "goop_unsaid"]:
        del sys.modules[name]


def test_where_less_memory_is_allowed_no_plugin_is_blamed_for_that() -> None:
    pytest.importorskip("resource")
    less = process.MEMORY // 2
    program = (
        "import resource; from goop_node.gate.process import _bound_memory;"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({less}, {less})); _bound_memory();"
        "print(resource.getrlimit(resource.RLIMIT_DATA))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == f"({less}, {less})\n", done.stderr


DEADLY = """
class Session:
    def __init__(self, snapshot): self.told = snapshot.state if snapshot else []
    def check(self, message): return None
    def apply(self, message): self.told = sorted({"a", "b", "c", "d"}, key=hash)
    def snapshot(self): return self.told
class Hanging(Session):
    def check(self, message):
        while True: pass  # hangs
class Greedy(Session):
    def apply(self, message): self.told = [bytes(4 * 1024**3)]  # eats
@get("/end", sync_to_thread=False)
def end() -> int:
    import os
    os._exit(0)  # ends
def contexts(node):
    for name, kind in (("a_hash", Session), ("b_greedy", Greedy), ("c_hanging", Hanging)):
        yield context(name=name, open_session=lambda request, snapshot, kind=kind: kind(snapshot))
class Plugin:
    @hookimpl
    def goop_routes(self, node): return [Route(handlers=[end])]
    @hookimpl
    def realtime_contexts(self, node): return contexts(node)
"""


def test_what_takes_the_process_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    file = site / "goop_deadly.py"
    file.write_text(f"NAME = 'deadly'\n{PRELUDE}{DEADLY}")
    package(site, "deadly", "Deadly.")
    points = site / "goop_deadly-0.1.0.dist-info" / "entry_points.txt"
    brought = "[goop_node.check]\ncontexts = goop_realtime.gate.look:look\n"
    points.write_text(points.read_text() + brought)
    monkeypatch.syspath_prepend(str(site))
    config = NodeConfig(data=tmp_path / "data")
    found = list(findings(config, "deadly", quick=True, limit=10))
    said = {one.place: (one.what, one.words) for one in found if one.level == "wrong"}
    lines = file.read_text().splitlines()

    def place(mark: str) -> str:
        return f"{file}:{next(n for n, line in enumerate(lines, 1) if mark in line)}"

    assert said[place("# ends")] == ("endpoints", "it ended the process, with exit code 0")
    what, words = said[place("# eats")]
    assert "apply() of the context b_greedy: MemoryError" in words
    what, words = said[place("# hangs")]
    assert (what, words.partition(",")[0]) == ("contexts", "it took more than 10 s")
    what, words = said[place("key=hash")]
    assert what == "a_hash"
    assert "at another node, in another process, the same log comes to something else" in words
    assert not (tmp_path / "data").exists()


def test_a_plugin_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"no plugin none is installed; there are: .*chess"):
        list(findings(NodeConfig(data=tmp_path), "none"))


SCHEMAS: list[Any] = [
    {"const": 3},
    {"enum": ["a", None]},
    {"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 3},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": ["string", "null"], "maxLength": 2},
    {"type": "string", "pattern": "^[a-h][1-8]$", "examples": ["e4"]},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2},
    {"prefixItems": [{"const": 1}, {"const": 2}], "items": False, "minItems": 2},
    {"properties": {"a": {"$ref": "#/$defs/b"}}, "required": ["a"], "$defs": {"b": {"const": 1}}},
    {"oneOf": [{"type": "null"}, {"type": "object", "required": ["x"]}], "type": "null"},
    {"allOf": [{"minLength": 3}, {"maxLength": 4}], "type": "string"},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_what_is_made_fits(schema: Any) -> None:
    whole = {"type": "object", "properties": {"v": schema}, "required": ["v"]}
    whole |= {"$defs": schema.get("$defs", {})}
    kind = ContextType(name="c", version="1", title="T", messages={"m": whole})
    context = compile_context("p", kind)
    made_of_it = [made.message(context, "m", random.Random(seed)) for seed in range(5)]
    assert [context.check_message(one) for one in made_of_it] == [None] * 5
    assert made_of_it == [made.message(context, "m", random.Random(seed)) for seed in range(5)]
