# SPDX-License-Identifier: MIT
"""Every planted fault is found before anybody meets it, by a command that names its line.

A fault that is planted anywhere in this folder and that no command finds fails here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import tests.planted
from goop_node.config.model import NodeConfig
from goop_node.findings import Finding
from goop_node.gate import visit
from goop_node.gate.lone import LoneNode
from goop_node.gate.subject import Subject
from goop_node.gate.visit import look_at
from goop_node.plugins import interrupts
from goop_node.plugins.environment import Candidate
from goop_realtime.gate.look import look
from goop_realtime.plugin import RealtimePlugin
from tests.planted import failing
from tests.planted.faults import BEFORE_START, HARMLESS, WARNED
from tests.planted.found_by_the_gate import ASTRAY, ELSEWHERE
from tests.planted.planting import GOOD, Planted
from tests.planted.test_environments import ENDS, HELLO, LEAVES

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What the framework deprecates is not what is looked at here.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
RUNNING = [
    *failing.LIFESPANS,
    *failing.SESSIONS,
    *failing.OPENING,
    *failing.NEWS,
    *failing.SNAPSHOTS,
    *failing.PEER_CHANGED,
    *failing.HANDLERS,
    *failing.ENDPOINTS,
    *failing.SUBSCRIBERS,
    failing.ANSWERS,
    failing.SOCKET,
    failing.TASK,
    failing.VETO,
    failing.SLOW,
]
"""What a node contains while it runs."""
FINDERS: dict[str, list[Planted]] = {
    "goop check": [*BEFORE_START, *WARNED],  # test_before_start.py
    "goop check, which it ends": [ENDS, LEAVES],  # test_environments.py
    "goop check --plugin": [*RUNNING, *ASTRAY],
    "goop check --plugin, by its second visit": ELSEWHERE,
    "nobody, for it is no fault": [*HARMLESS, GOOD, HELLO, failing.CHANGES],
}


def planted_anywhere() -> Iterator[Planted]:
    """Those of every module of this folder, by themselves and in lists."""
    for module in pkgutil.iter_modules(tests.planted.__path__):
        for value in vars(importlib.import_module(f"tests.planted.{module.name}")).values():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(one, Planted):
                    yield one


async def test_every_planted_fault_has_a_finder() -> None:
    found = {one.name for every in FINDERS.values() for one in every}
    lost = {one.name for one in planted_anywhere()} - found
    assert lost == set(), "say in FINDERS which command finds them"
    assert len(found) > 200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LoneNode]:
    """A node that has all that a running one contains, as the gate starts it."""
    folder = tmp_path_factory.mktemp("found")
    every = [one.plant(folder) for one in (*RUNNING, *ASTRAY, GOOD, failing.CHANGES)]
    every.append(Candidate(name="realtime", load=lambda: RealtimePlugin))
    config = NodeConfig(data=folder / "alice", plugins={one.name: {} for one in every})
    with interrupts.interruptible():
        made = LoneNode(config, every, "alice")
        async with made.running():
            yield made


@pytest.fixture(autouse=True)
def _as_a_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With realtime's look, whatever is installed here."""
    brought = (Candidate(name="contexts", load=lambda: look),)
    monkeypatch.setattr(visit, "from_packages", lambda group: brought)
    with interrupts.interruptible():
        yield


async def findings(node: LoneNode, planted: Planted, folder: Path) -> list[Finding]:
    import asyncio

    asyncio.get_running_loop().set_exception_handler(node.loop_failed)
    candidate = Candidate(name=planted.name, load=lambda: None)
    subject = Subject(candidate=candidate, node=node, shared=folder, first=True, quick=True)
    return [one async for one in look_at(subject)]


@pytest.mark.parametrize("planted", [*RUNNING, *ASTRAY], ids=lambda planted: planted.name)
async def test_the_gate_names_it_with_its_line(
    node: LoneNode, planted: Planted, tmp_path: Path
) -> None:
    said = [one for one in await findings(node, planted, tmp_path) if one.level == "wrong"]
    place = f"planted_{planted.name}.py:{planted.line or ''}"
    assert [one for one in said if planted.words in one.words and place in one.place], said


@pytest.mark.parametrize("planted", [GOOD, failing.CHANGES], ids=lambda planted: planted.name)
async def test_the_gate_lets_it_pass(node: LoneNode, planted: Planted, tmp_path: Path) -> None:
    said = await findings(node, planted, tmp_path)
    assert [one for one in said if one.level == "wrong"] == []
