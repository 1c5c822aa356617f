# SPDX-License-Identifier: MIT
"""The Autobahn test suite's core cases (all but sizes and compression) at a running node.

kosoku cannot show a token, so it goes through a relay that adds one; everything else is the
node's own: server, guard, bounds. Most cases want their message back. A plugin of the tests'
own does that at ``/api/echo/connect``; the realtime endpoint answers by frames instead, so
there the cases count that are about the protocol alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from goop_node.testing import NodeProcess, start_node

pytestmark = pytest.mark.soak

CORE = [f"{chapter}.*" for chapter in (1, 2, 3, 4, 5, 6, 7, 10)]
CASES = 247
PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with the plugin ``echo`` beside realtime."""
    folder = tmp_path_factory.mktemp("autobahn")
    config = folder / "goop.toml"
    config.write_text("[plugins.realtime]\n[plugins.echo]\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PLUGINS), prepend=":")
        node = start_node(folder / "node", "--config", str(config), "--strict")
    try:
        yield node
    finally:
        assert node.stop() == 0
    log = node.log.read_text()
    assert "Traceback" not in log, log


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and the end of it."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def relay(node: NodeProcess, path: str) -> AsyncIterator[str]:
    """The address of a relay to ``path`` that shows the token."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[1:]
        kept = [line for line in lines if not line.lower().startswith((b"host:", b"origin:"))]
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", node.port)
        head = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{node.port}",
            f"Authorization: Bearer {node.token}",
        ]
        inner_writer.write("\r\n".join(head).encode() + b"\r\n" + b"\r\n".join(kept))
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run(node: NodeProcess, path: str) -> list[Any]:
    """The results of all core cases."""
    kosoku = pytest.importorskip("kosoku", reason="pip install 'goop-node[soak]'")
    async with relay(node, path) as url:
        try:
            results: list[Any] = await kosoku.run_fuzzingclient(url, CORE)
        except kosoku.FailureError as failure:
            results = failure.results
    assert len(results) == CASES
    return results


def told(results: list[Any]) -> str:
    """What came of them, and which failed."""
    counts = Counter(result.behavior.value for result in results)
    failed = [f"{r.case_id}: {r.result} {r.result_close}" for r in results if not r.passed]
    return "\n".join([f"{sum(r.passed for r in results)} of {len(results)}: {counts}", *failed])


async def test_core_cases_with_an_echo(
    node: NodeProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    results = await run(node, "/api/echo/connect")
    with capsys.disabled():
        print(f"\nAutobahn, echo behind the guard: {told(results)}")
    assert all(result.passed for result in results)


async def test_core_cases_at_the_realtime_endpoint(
    node: NodeProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    results = await run(node, "/api/realtime/connect")

    def wants_an_echo(result: Any) -> bool:
        return any(event[0] == "message" for events in result.expected.values() for event in events)

    protocol = [r for r in results if not wants_an_echo(r) or r.passed]
    with capsys.disabled():
        print(f"\nAutobahn, realtime endpoint: {told(protocol)}")
    assert len(protocol) >= 150
    assert all(result.passed for result in protocol)
    for result in results:
        if not result.passed:
            # It got an error frame where it wanted its message: nothing else was wrong.
            answers = [event for event in result.received if event[0] == "message"]
            assert answers, result.case_id
            assert all('"type":"error"' in text for _, text, _ in answers), result.case_id
