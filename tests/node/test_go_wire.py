# SPDX-License-Identifier: MIT
"""A real node and a peer that speaks the 1.0.0 protocols by hand, in both directions."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG
from tests.node.go_wire_peer import GROUP, INVITE
from tests.node.page import Page

ROOT = Path(__file__).resolve().parents[2]
CREDIT_MS = 200.0
GROUP_ID = "rt-0011223344556677"


class Script:
    """The peer's process, as a test drives it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.events: list[dict[str, Any]] = []
        self._new = asyncio.Condition()
        self._own = -1
        self.id = ""
        self.addr = ""

    async def read(self) -> None:
        """Gather the reports."""
        assert self._process.stdout is not None
        async for text in self._process.stdout:
            async with self._new:
                self.events.append(json.loads(text))
                self._new.notify_all()

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait for reports until ``found()`` is true; its value."""
        async with asyncio.timeout(HANG), self._new:
            while not (value := found()):
                await self._new.wait()
            return value

    async def event(self, **fields: Any) -> dict[str, Any]:
        """Wait for a report with those fields; it is taken."""

        def find() -> dict[str, Any] | None:
            for event in self.events:
                if all(event.get(key) == value for key, value in fields.items()):
                    return event
            return None

        found: dict[str, Any] = await self.until(find)
        self.events.remove(found)
        return found

    async def line(self, n: int, kind: str) -> dict[str, Any]:
        """Wait for a line of that type on a stream; it is taken."""

        def find() -> dict[str, Any] | None:
            return next((e for e in self.lines_of(n) if e["line"]["type"] == kind), None)

        found = await self.until(find)
        self.events.remove(found)
        line: dict[str, Any] = found["line"]
        return line

    def lines_of(self, n: int) -> list[dict[str, Any]]:
        """The line reports of a stream that have not been taken."""
        return [event for event in self.events if event["ev"] == "line" and event["n"] == n]

    async def do(self, what: str, **fields: Any) -> None:
        """Give a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}).encode() + b"\n")
        await self._process.stdin.drain()

    async def open(self, node: NodeProcess, protocol: str, *lines: Any) -> int:
        """Open a stream to the node and write lines on it; the stream's number."""
        self._own += 2
        await self.do("open", peer=node.peer_id, protocol=protocol, n=self._own)
        await self.write(self._own, *lines)
        return self._own

    async def write(self, n: int, *lines: Any) -> None:
        """Write lines on a stream."""
        await self.do("write", n=n, lines=lines)

    def freeze(self) -> None:
        """Stop the process in its tracks; its connections stay as they are."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def invitation(self) -> dict[str, Any]:
        """Wait for an invitation; its line."""
        stream = await self.event(ev="stream", protocol=INVITE)
        line: dict[str, Any] = (await self.event(ev="line", n=stream["n"]))["line"]
        return line


@asynccontextmanager
async def meeting(
    folder: Path, *, config: str = ""
) -> AsyncIterator[tuple[Script, NodeProcess, Page]]:
    """The script, a node that knows it, and a page of the node."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.node.go_wire_peer",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        limit=4 * 1024 * 1024,
    )
    script = Script(process)
    reader = asyncio.create_task(script.read())
    arguments: tuple[str, ...] = ()
    if config:
        (folder / "goop.toml").write_text(config)
        arguments = ("--config", str(folder / "goop.toml"))
    try:
        ready = await script.event(ev="ready")
        script.id, script.addr = ready["id"], ready["addr"]
        node = await asyncio.to_thread(
            start_node, folder / "node", "--peer", script.addr, *arguments
        )
        try:
            await script.do("connect", addr=node.addrs[0])
            await script.event(ev="connected")
            async with Page.open(node, ack=True) as page:
                yield script, node, page
        finally:
            await asyncio.to_thread(node.stop)
    finally:
        assert process.stdin is not None
        script.thaw()
        process.stdin.close()
        await process.wait()
        await asyncio.gather(reader, return_exceptions=True)


async def connect(script: Script, node: NodeProcess, page: Page) -> tuple[str, int]:
    """The page asks, the script joins; the channel and the script's stream.

    Such a peer is not told which template asks.
    """
    asked = await page.post("request", 201, peerId=script.id, app="ping")
    assert asked["app"] == "ping"
    channel = asked["channelId"]
    invite = await script.invitation()
    assert invite == {
        "group_id": channel,
        "group_name": f"rt:{channel}",
        "host_peer_id": node.peer_id,
        "app_type": "realtime",
        "volatile": False,
    }
    return channel, await join(script, node, page, channel)


async def join(script: Script, node: NodeProcess, page: Page, channel: str) -> int:
    """The script joins the group; its stream."""
    n = await script.open(node, GROUP, {"type": "join", "group": channel})
    first = await script.event(ev="line", n=n)
    assert first["line"]["type"] == "welcome"
    listed = [member["peer_id"] for member in first["line"]["payload"]["members"]]
    assert listed == [node.peer_id, script.id]
    state = await page.frame("state", channel=channel, state="connected")
    assert state["delivery"] == "best-effort"
    return n


async def test_we_host_a_plain_channel(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        channel, n = await connect(script, node, page)
        await page.send(channel, {"n": 1})
        assert await script.line(n, "msg") == {
            "type": "msg",
            "group": channel,
            "from": node.peer_id,
            "payload": {"n": 1},
        }
        await script.write(n, {"type": "msg", "group": "other", "from": "x", "payload": [2]})
        message = await page.frame("message", channel=channel)
        assert (message["data"], message["from"]) == ([2], script.id)
        # Nothing is claimed that nobody knows.
        stages = [(await page.frame("receipt", channel=channel))["stage"] for _ in range(2)]
        assert stages == ["accepted", "unsupported"]
        await page.post("close", channelId=channel)
        assert (await script.line(n, "close"))["group"] == channel
        assert (await script.event(ev="end", n=n))["code"] == "eof"
        late = await script.open(node, GROUP, {"type": "join", "group": channel})
        assert (await script.line(late, "error"))["payload"]["code"] == "not_found"


async def test_a_person_is_asked_before_we_join(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        await invite(script, node, host="12D3KooWSomebodyElse")
        await invite(script, node, group="rt-ffffffffffffffff", app_type="chat")
        await invite(script, node)
        incoming = await page.frame("incoming")
        assert (incoming["channel"], incoming["peerId"]) == (GROUP_ID, script.id)
        assert [event for event in script.events if event["ev"] == "stream"] == []
        trace = (await page.http.get("/api/realtime/trace")).json()
        assert {"wrong_host", "not_realtime"} <= {row["code"] for row in trace}
        await page.post("decline", channelId=GROUP_ID)
        problem = await page.post("accept", 409, channelId=GROUP_ID)
        assert problem["code"] == "declined"


async def test_a_go_peer_hosts(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        await invite(script, node)
        n = await accepted(script, page)
        await page.send(GROUP_ID, {"n": 1})
        assert await script.line(n, "msg") == {
            "type": "msg",
            "group": GROUP_ID,
            "payload": {"n": 1},
        }
        stages = [(await page.frame("receipt"))["stage"] for _ in range(2)]
        assert stages == ["accepted", "unsupported"]
        await script.write(n, {"type": "ping", "group": GROUP_ID})
        await script.line(n, "pong")
        big = {"type": "msg", "group": GROUP_ID, "payload": "x" * 66_000}
        deep = f'{{"type":"msg","group":"{GROUP_ID}","payload":{"[" * 40}{"]" * 40}}}'
        foreign = {"type": "msg", "group": GROUP_ID, "from": "12D3KooWThird", "payload": 3}
        good = {"TYPE": "msg", "Group": GROUP_ID, "from": script.id, "payload": 4, "new": 1}
        await script.write(n, big, deep, foreign, good)
        # The early message, and the one that is within all bounds.
        assert await page.received(GROUP_ID, 2) == ["early", 4]
        trace = (await page.http.get("/api/realtime/trace")).json()
        assert {"too_large", "too_deep", "foreign_author"} <= {row["code"] for row in trace}
        await script.write(n, {"type": "close", "group": GROUP_ID})
        state = await page.frame("state", channel=GROUP_ID, final=True)
        assert state["code"] == "closed"


async def test_as_a_guest_we_come_back_and_leave(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        await invite(script, node)
        n = await accepted(script, page)
        await script.write(n, "{")
        assert (await script.event(ev="end", n=n))["code"] in ("eof", "reset")
        await page.frame("state", channel=GROUP_ID, suspended=True)
        await page.send(GROUP_ID, "meanwhile")
        # A host that answers with nothing but a reset is asked again.
        n = (await script.event(ev="stream", protocol=GROUP))["n"]
        await script.do("reset", n=n)
        n = await welcome(script, page)
        assert (await script.line(n, "msg"))["payload"] == "meanwhile"
        await page.post("close", channelId=GROUP_ID)
        await script.line(n, "leave")
        assert (await script.event(ev="end", n=n))["code"] == "eof"
        await page.frame("state", channel=GROUP_ID, final=True)


@pytest.mark.parametrize("order", ["leave first", "join first"])
async def test_leave_and_rejoin_leave_one_living_membership(tmp_path: Path, order: str) -> None:
    async with meeting(tmp_path) as (script, node, page):
        channel, old = await connect(script, node, page)
        await page.send(channel, 1)
        await script.line(old, "msg")
        if order == "leave first":
            await script.write(old, {"type": "leave", "group": channel})
            await script.do("close", n=old)
            new = await join(script, node, page, channel)
        else:
            new = await join(script, node, page, channel)
            await script.write(old, {"type": "leave", "group": channel})
            await script.do("close", n=old)
        await script.event(ev="end", n=old)
        await page.send(channel, 2)
        assert (await script.line(new, "msg"))["payload"] == 2
        await script.write(new, {"type": "msg", "group": channel, "payload": 3})
        assert await page.received(channel, 1) == [3]


async def test_a_storm_of_streams_leaves_one_that_hears(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        channel, n = await connect(script, node, page)
        for number in range(40):
            await page.send(channel, number)
            await script.write(n, {"type": "msg", "group": channel, "payload": number})
            old, how = n, number % 4
            if how == 0:
                await script.write(old, {"type": "leave", "group": channel})
                await script.do("close", n=old)
            n = await script.open(node, GROUP, {"type": "join", "group": channel})
            if how == 1:
                await script.write(old, {"type": "leave", "group": channel})
                await script.do("close", n=old)
            elif how == 2:
                await script.do("reset", n=old)
        await script.line(n, "welcome")
        await page.send(channel, "last")
        await script.until(
            lambda: [e for e in script.lines_of(n) if e["line"].get("payload") == "last"]
        )
        await script.write(n, {"type": "msg", "group": channel, "payload": "last"})
        await page.until(lambda: "last" in page.messages(channel))
        lines = [event["line"] for event in script.events if event["ev"] == "line"]
        got = [line["payload"] for line in lines if line["type"] == "msg"][:-1]
        assert got == sorted(set(got)), "in order, and never twice"
        heard = page.messages(channel)[:-1]
        assert heard == sorted(set(heard))


async def test_a_burst_is_paced_and_what_does_not_fit_is_told(tmp_path: Path) -> None:
    config = "[plugins.realtime]\nrate = 100000\nburst = 100000\n"
    async with meeting(tmp_path, config=config) as (script, node, page):
        channel, n = await connect(script, node, page)
        for number in range(1000):
            await page.send(channel, number)
        await script.until(lambda: len(script.lines_of(n)) >= 1000)
        lines = script.lines_of(n)
        assert [event["line"]["payload"] for event in lines] == list(range(1000))
        # A buffer of ten slots that is emptied once a millisecond never overflows, as long as its
        # reader is not held up itself, which on a busy machine it is: hence the credit.
        level, before = 0.0, lines[0]["at"]
        for event in lines:
            level = max(-CREDIT_MS, level - (event["at"] - before)) + 1
            before = event["at"]
            assert level <= 10
        assert lines[-1]["at"] - lines[0]["at"] > 1000
        # Without the peer nothing leaves: what is accepted is bounded.
        await script.do("reset", n=n)
        await page.frame("state", channel=channel, suspended=True)
        for number in range(1001):
            await page.send(channel, number, id=f"burst-{number}")
        refused = await page.frame("refused", channel=channel)
        assert (refused["code"], refused["id"]) == ("outbox_full", "burst-1000")
        n = await join(script, node, page, channel)
        await script.until(lambda: len(script.lines_of(n)) >= 1000)
        assert [event["line"]["payload"] for event in script.lines_of(n)] == list(range(1000))


async def test_a_context_is_refused_in_words(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, _, page):
        asked = await page.post("request", 201, peerId=script.id, context="chess")
        state = await page.frame("state", channel=asked["channelId"], final=True)
        assert state["code"] == "unsupported"
        assert "plain channels only" in state["reason"]


async def test_params_without_a_context_are_refused_not_dropped(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, _, page):
        problem = await page.post("request", 422, peerId=script.id, params={"color": "white"})
        assert problem["code"] == "invalid_params"


async def test_the_channel_survives_our_restart(tmp_path: Path) -> None:
    async with meeting(tmp_path) as (script, node, page):
        channel, n = await connect(script, node, page)
        await page.send(channel, 1)
        await script.line(n, "msg")
        await asyncio.to_thread(node.stop)
        assert (await script.event(ev="end", n=n))["code"] == "eof"
        await asyncio.to_thread(node.start)
        assert (await script.invitation())["group_id"] == channel
        async with Page.open(node, ack=True) as again:
            await again.post("send", channelId=channel, data=2)
            n = await join(script, node, again, channel)
            assert (await script.line(n, "msg"))["payload"] == 2
            await again.post("close", channelId=channel)
            await script.line(n, "close")


async def invite(
    script: Script,
    node: NodeProcess,
    *,
    group: str = GROUP_ID,
    host: str = "",
    app_type: str = "realtime",
) -> None:
    """The script invites the node to a group of its own."""
    line = {
        "group_id": group,
        "group_name": f"rt:{group}",
        "host_peer_id": host or script.id,
        "app_type": app_type,
    }
    n = await script.open(node, INVITE, line)
    await script.do("close", n=n)


async def accepted(script: Script, page: Page) -> int:
    """The page accepts, the script welcomes the node; the stream of the group."""
    await page.frame("incoming", channel=GROUP_ID)
    accept = asyncio.create_task(page.post("accept", channelId=GROUP_ID))
    n = await welcome(script, page)
    assert (await accept)["delivery"] == "best-effort"
    return n


async def welcome(script: Script, page: Page) -> int:
    """The script welcomes the node, behind a line that overtook; the stream."""
    n: int = (await script.event(ev="stream", protocol=GROUP))["n"]
    assert await script.line(n, "join") == {"type": "join", "group": GROUP_ID}
    await script.write(
        n,
        {"type": "msg", "group": GROUP_ID, "from": script.id, "payload": "early"},
        {"type": "welcome", "group": GROUP_ID, "payload": {"members": []}},
    )
    await page.frame("state", channel=GROUP_ID, state="connected")
    return n
