# SPDX-License-Identifier: MIT
"""What a plugin's callbacks and answers fail in is told as the plugin's, and ends nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.problems import GivenUp
from goop_node.types import LineStream, StreamHandler
from goop_node.web.app import create_app
from goop_node.web.http_protocol import _is_told
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.planted.failing import ANSWERS, SUBSCRIBERS
from tests.planted.planting import Planted


def node_with(planted: Planted, folder: Path) -> Node:
    config = NodeConfig(
        data=folder / "data", listen=("/ip4/127.0.0.1/tcp/0",), plugins={planted.name: {}}
    )
    return Node(config, [planted.plant(folder)])


async def ask(made: Node, path: str) -> tuple[list[Any], BaseException | None]:
    """What is sent for a request, and what comes out of the application."""
    sent: list[Any] = []
    token = f"Bearer {made.tokens.bearer}".encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8787"), (b"authorization", token)],
        "client": ("127.0.0.1", 50000),
        "extensions": {},
    }

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(bodies, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await create_app(made)(scope, receive, send)
    except Exception as error:
        return sent, error
    return sent, None


@pytest.mark.parametrize("path", ["break", "name", "status"])
async def test_an_answer_that_cannot_be_sent(path: str, tmp_path: Path) -> None:
    made = node_with(ANSWERS, tmp_path)
    sent, raised = await ask(made, f"/api/answers/{path}")
    assert raised is None
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["code"] == "internal"
    assert made.plugin_status()[0].status == "faulty"
    assert "an endpoint" in (made.plugin_status()[0].error or "")


async def test_an_answer_that_breaks_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = node_with(ANSWERS, tmp_path)
    sent, raised = await ask(made, "/api/answers/half")
    assert [message.get("body") for message in sent][:2] == [None, b"one"]
    assert "plugin answers: an endpoint: RuntimeError: half way" in caplog.text
    # What the server would log of it once more is left out.
    assert raised is not None
    error = (type(raised), raised, raised.__traceback__)
    assert _is_told(logging.LogRecord("x", logging.ERROR, "", 0, "x", (), error))
    other = (ValueError, ValueError("x"), None)
    assert not _is_told(logging.LogRecord("x", logging.ERROR, "", 0, "x", (), other))
    assert issubclass(GivenUp, Exception)


@pytest.mark.parametrize("planted", SUBSCRIBERS, ids=lambda planted: planted.name)
async def test_a_subscriber_of_the_peers(
    planted: Planted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = node_with(planted, tmp_path)
    asyncio.get_running_loop().set_exception_handler(made.loop_failed)
    heard = []
    async with made.running():
        made.peers.subscribe(lambda event: heard.append(event.peer.peer_id))
        made.p2p.peers.connected("12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK", True)
    assert heard
    assert f"plugin {planted.name}: a subscriber of the peers: " in caplog.text
    assert made.plugin_status()[0].status == "faulty"


async def test_lines_that_are_not_handled_end_their_stream_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the callback would end the process, or libp2p's side of it."""

    def leave(*_: Any) -> None:
        raise SystemExit(3)

    def start(stream: LineStream) -> None:
        stream.start(leave, leave)

    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context["doing"]))
    async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
        alice._handlers.append(StreamHandler(protocol="/leaves/1.0.0", handle=start))
        await alice.stop()
        await alice.start()
        await bob.add_peer(alice.network.addrs[0])
        leaves = await bob.network.open_stream(alice.network.peer_id, ["/leaves/1.0.0"])
        ended = asyncio.get_running_loop().create_future()
        leaves.start(lambda lines: None, ended.set_result)
        leaves.write(b"x")
        assert await asyncio.wait_for(ended, 60)
        echo = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        assert await echo.works()
        assert alice.restarts == 0
    assert told == [
        "the lines of a stream of /leaves/1.0.0",
        "the end of a stream of /leaves/1.0.0",
    ]
