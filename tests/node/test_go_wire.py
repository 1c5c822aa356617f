# SPDX-License-Identifier: MIT
"""A real node and a peer that speaks the 1.0.0 protocols by hand, in both directions."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from goop_node.testing import NodeProcess, start_node
from tests.node.go_wire_peer import GROUP, INVITE
from tests.node.page import Page

ROOT = Path(__file__).resolve().parents[2]
WAIT = 20.0
GROUP_ID = "rt-00112233445566"


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
        async with asyncio.timeout(WAIT), self._new:
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
        process.stdin.close()
        await process.wait()
        await asyncio.gather(reader, return_exceptions=True)


async def connect(script: Script, node: NodeProcess, page: Page) -> tuple[str, int]:
    """The page asks, the script joins; the channel and the script's stream."""
    asked = await page.post("request", 201, peerId=script.id)
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
        stages = [(await page.frame("receipt", channel=channel))["stage"] for _ in range(3)]
        assert stages == ["accepted", "delivered", "unsupported"]
        await page.post("close", channelId=channel)
        assert (await script.line(n, "close"))["group"] == channel
        assert (await script.event(ev="end", n=n))["code"] == "eof"
        late = await script.open(node, GROUP, {"type": "join", "group": channel})
        assert (await script.line(late, "error"))["payload"]["code"] == "not_found"
