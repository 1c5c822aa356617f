# SPDX-License-Identifier: MIT
"""``goop run --dev`` in processes: a plugin is changed, broken and mended with a channel open."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from goop_node.plugins.loading import MARKER
from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG, promised
from tests.node.own_plugin import NOTE, OwnPlugin, plant, save
from tests.node.page import Page, wait_until_discovered

BACK_SECONDS = 3.0
"""How long a channel may be away when a plugin's file was saved."""
END_SECONDS = 1.0
BLOCKED = "import time\ntime.sleep(10_000)\n"
RULE = "if len(self.notes) >= MOST:"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnPlugin:
    """A plugin that nodes started from now on find."""
    planted = plant(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(planted.site))
    return planted


@pytest.fixture
def alone(own: OwnPlugin, tmp_path: Path) -> Iterator[NodeProcess]:
    """A node under ``--dev``."""
    node = start_node(tmp_path / "alone", "--dev")
    yield node
    node.stop()


@asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[tuple[NodeProcess, NodeProcess]]:
    """Alice under ``--dev``, and Bob, who is not."""
    bob = await asyncio.to_thread(start_node, folder / "bob")
    alice = await asyncio.to_thread(start_node, folder / "alice", "--dev", peer=bob)
    try:
        await wait_until_discovered(alice, bob)
        yield alice, bob
    finally:
        await asyncio.to_thread(alice.stop)
        await asyncio.to_thread(bob.stop)


def children(node: NodeProcess) -> list[psutil.Process]:
    """The node's processes below the supervisor."""
    return psutil.Process(node.process.pid).children()


async def until_ready(node: NodeProcess, times: int) -> None:
    """Wait until it was ready so often since its log began."""
    async with asyncio.timeout(HANG):
        while node.log.read_text(encoding="utf-8").count("Ready: ") < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def in_reserve(node: NodeProcess) -> list[int]:
    """Wait until the next process is there, too; the ids of both."""
    async with asyncio.timeout(HANG):
        while len(found := children(node)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [one.pid for one in found]


def text_of(file: Path) -> str:
    """What is in a file; nothing where there is none."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


async def status(node: NodeProcess) -> dict[str, str]:
    """What became of each plugin."""
    async with httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG) as http:
        told = (await http.get("/api/status")).json()
    assert told["dev"] is True
    return {one["name"]: one["status"] for one in told["plugins"]}


async def test_a_channel_is_back_within_seconds_also_behind_a_mistake(
    own: OwnPlugin, tmp_path: Path
) -> None:
    async with pair(tmp_path) as (alice, bob):
        async with Page.open(alice) as a, Page.open(bob) as b:
            channel = await a.ask(b, context="notes")
            await a.send(channel, NOTE)
            await b.received(channel, 1)
        async with Page.open(bob) as b:
            pids = [*await in_reserve(alice), bob.process.pid, alice.process.pid]
            b.frames.clear()
            with promised(BACK_SECONDS, *pids):
                own.replace("MOST = 100", "MOST = 2")
                await b.frame("state", channel=channel, state="disconnected")
                await b.frame("state", channel=channel, state="connected")

            own.replace(RULE, "if len(self.notes >= MOST:")
            told = await b.frame("state", channel=channel, code="plugin_missing")
            assert (told["suspended"], told["final"]) == (True, False)
            await until_ready(alice, 3)
            assert (await status(alice))["notes"] == "failed"
            own.replace("if len(self.notes >= MOST:", RULE)
            await b.frame("state", channel=channel, state="connected")
            await until_ready(alice, 4)

            async with Page.open(alice) as a:
                await a.send(channel, NOTE)
                await b.received(channel, 1)
                await a.send(channel, NOTE, id="third-1")
                assert (await a.frame("refused", id="third-1"))["code"] == "full"
        log = alice.log.read_text(encoding="utf-8")
        assert log.count("notes.py changed: the node starts anew") == 3


async def test_what_keeps_a_start_is_mended_by_the_next_save(alone: NodeProcess) -> None:
    own = OwnPlugin(alone.data.parent / "site")
    good = own.rules.read_text(encoding="utf-8")

    save(own.rules, f"{BLOCKED}{good}")
    async with asyncio.timeout(HANG):
        while "notes" not in text_of(alone.data / MARKER):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    # While that one starts, there is another, which ends the process.
    save(own.rules, f"import os\nos._exit(7)\n{good}")
    await until_ready(alone, 2)
    assert "exit code 7" in alone.log.read_text(encoding="utf-8")
    assert (await status(alone))["notes"] == "failed"
    save(own.rules, good)
    await until_ready(alone, 3)
    assert (await status(alone))["notes"] == "active"

    config = alone.data.parent / "goop.toml"
    save(config, config.read_text(encoding="utf-8") + "[node]\nlabel = 7\n")
    async with asyncio.timeout(HANG):
        while "label: found 7" not in alone.log.read_text(encoding="utf-8"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await status(alone))["notes"] == "active"  # it goes on as it was
    save(config, "[plugins.realtime]\n")
    await until_ready(alone, 4)
    assert "notes" not in await status(alone)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_at_once_with_all_of_its_processes(alone: NodeProcess, number: int) -> None:
    pids = await in_reserve(alone)
    running = children(alone)
    with promised(END_SECONDS, alone.process.pid, *pids):
        alone.process.send_signal(number)
        assert await asyncio.to_thread(alone.process.wait, HANG) == 0
    assert not any(one.is_running() for one in running)
    assert "Traceback" not in alone.log.read_text(encoding="utf-8")


async def test_no_process_is_left_of_a_supervisor_that_was_killed(alone: NodeProcess) -> None:
    await in_reserve(alone)
    running = children(alone)
    alone.kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, running, HANG)
    assert alive == []
    with pytest.raises(ProcessLookupError):
        os.kill(running[0].pid, 0)


async def test_pages_of_others_nodes_are_as_their_files(alone: NodeProcess, own: OwnPlugin) -> None:
    """The script is behind pages under ``--dev``, and nowhere else."""
    host = {"Host": f"notes.localhost:{alone.port}", "Accept": "text/html"}
    page = (own.page / "index.html").read_bytes()
    async with httpx.AsyncClient(base_url=alone.url, timeout=HANG) as http:
        answer = await http.get("/", headers=host)
        assert answer.content.startswith(page)
        assert answer.content[len(page) :].startswith(b'\n<script src="/sdk/goop-dev.js" data-')
        assert (await http.get("/sdk/goop-dev.js", headers=host)).status_code == 200
        assert (await http.get("/page.js", headers=host)).content == (
            own.page / "page.js"
        ).read_bytes()
    plain = await asyncio.to_thread(start_node, alone.data.parent / "plain")
    try:
        host["Host"] = f"notes.localhost:{plain.port}"
        async with httpx.AsyncClient(base_url=plain.url, timeout=HANG) as http:
            assert (await http.get("/", headers=host)).content == page
            assert (await http.get("/sdk/goop-dev.js", headers=host)).status_code == 404
            told = await http.get("/api/status", headers=plain.headers)
            assert told.json()["dev"] is False
            assert (await http.get("/api/goop/dev", headers=plain.headers)).status_code == 404
    finally:
        await asyncio.to_thread(plain.stop)
