# SPDX-License-Identifier: MIT
"""Channels by hand, without the SDK: a page, a Python script, curl."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from goop_node.testing import NodeProcess
from tests.browser.conftest import FLAGS, SHELL
from tests.node.conftest import Pair
from tests.node.page import Page

SCRIPT = """
import json, sys, urllib.request

ready = json.load(open(sys.argv[1]))

def call(path, body=None):
    request = urllib.request.Request(
        ready["url"] + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + ready["token"]},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)

me = call("/api/self")["id"]
assert me == ready["peerId"]
waiting = [row for row in call("/api/realtime/channels") if row["incoming"]]
channel = waiting[0]["channelId"]
row = call("/api/realtime/accept", {"channelId": channel})
call("/api/realtime/send", {"channelId": channel, "data": {"from": "a script"}})
print(json.dumps([channel, row["state"]]))
"""

IN_THE_PAGE = """
async (peer) => {
  const frames = [];
  const socket = new WebSocket("/api/realtime/connect");
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("refused"));
  });
  const seen = (matches) => new Promise((resolve) => {
    const look = () => {
      const found = frames.find(matches);
      if (found) resolve(found);
      return found;
    };
    if (!look()) socket.addEventListener("message", look);
  });
  socket.addEventListener("message", (event) => frames.push(JSON.parse(event.data)));
  socket.send(JSON.stringify({ type: "subscribe", channels: [] }));
  const answer = await fetch("/api/realtime/request", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ peerId: peer }),
  });
  const { channelId } = await answer.json();
  socket.send(JSON.stringify({ type: "subscribe", channels: [channelId] }));
  await seen((f) => f.type === "state" && f.channel === channelId && f.state === "connected");
  socket.send(JSON.stringify({ type: "send", channel: channelId, data: { n: 1 } }));
  const message = await seen((f) => f.type === "message" && f.channel === channelId);
  socket.send(JSON.stringify({ type: "close", channel: channelId }));
  const end = await seen((f) => f.type === "state" && f.channel === channelId && f.final);
  return { status: answer.status, from: message.from, data: message.data, end: end.code };
}
"""


async def run(*command: str) -> str:
    """What a program prints; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def test_a_page_with_websocket_and_fetch_alone(pair: Pair) -> None:
    if SHELL is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    async with async_playwright() as playwright, Page.open(pair[1]) as bob:
        browser = await playwright.chromium.launch(executable_path=SHELL, args=FLAGS)
        try:
            page = await browser.new_page()
            # A page of the node that loads nothing of the SDK for channels.
            await page.goto(f"http://home.localhost:{pair[0].port}/join")
            assert await page.evaluate("typeof Goop === 'undefined' || !Goop.realtime")
            work = asyncio.ensure_future(page.evaluate(IN_THE_PAGE, pair[1].peer_id))
            channel = (await bob.frame("incoming"))["channel"]
            await bob.post("accept", channelId=channel)
            assert await bob.received(channel, 1) == [{"n": 1}]
            await bob.send(channel, {"n": 2})
            assert await work == {
                "status": 201,
                "from": pair[1].peer_id,
                "data": {"n": 2},
                "end": "closed",
            }
        finally:
            await browser.close()


async def test_a_python_script_with_the_token_of_ready_json(pair: Pair, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    async with Page.open(pair[1]) as bob:
        asked = await bob.post("request", 201, peerId=pair[0].peer_id)
        channel = asked["channelId"]
        async with Page.open(pair[0]) as alice:  # the request has arrived
            await alice.frame("incoming", channel=channel)
        told = await run(sys.executable, str(script), str(pair[0].data / "ready.json"))
        assert json.loads(told) == [channel, "connected"]
        assert await bob.received(channel, 1) == [{"from": "a script"}]
        await bob.post("close", channelId=channel)


async def curl(node: NodeProcess, path: str, body: Any = None, status: int = 200) -> Any:
    """Ask by curl; the answer."""
    command = ["curl", "--silent", "--max-time", "30", "--write-out", "\n%{http_code}"]
    command += ["--header", f"Authorization: Bearer {node.token}"]
    if body is not None:
        command += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
    answer, _, code = (await run(*command, f"{node.url}/api/realtime/{path}")).rpartition("\n")
    assert int(code) == status, answer
    return json.loads(answer)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
async def test_a_conversation_by_curl(pair: Pair) -> None:
    alice, bob = pair
    async with Page.open(bob) as page:
        row = await curl(alice, "request", {"peerId": bob.peer_id, "timeout": 20_000}, 201)
        channel = row["channelId"]
        assert row["state"] == "connecting"
        await page.frame("incoming", channel=channel)
        accepted = await curl(bob, "accept", {"channelId": channel})
        assert accepted["state"] == "connected"
        sent = await curl(alice, "send", {"channelId": channel, "data": "by curl"})
        assert sent["id"]
        assert await page.received(channel, 1) == ["by curl"]
        told = await curl(bob, f"history?channel={channel}")
        assert [message["data"] for message in told["messages"]] == ["by curl"]
        assert await curl(bob, "close", {"channelId": channel}) == {}
        problem = await curl(bob, "send", {"channelId": channel, "data": 1}, 409)
        assert problem["code"] == "closed"
