# SPDX-License-Identifier: MIT
"""Other programs of the machine, and pages: with no credential, a template's, or the token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import websockets

from tests.hostile.extremes import blob, number
from tests.hostile.http_requests import Endpoint, endpoints, request
from tests.hostile.page_frames import frame
from tests.hostile.scene import Scene, new_group
from tests.hostile.stranger import PATIENCE
from tests.hostile.structs import Known
from tests.node.test_guard_matrix import cookie_of

TEMPLATE = "alpha"
"""One that may use chess."""
SOCKETS = 20
PAGES = 100
NOBODY = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
FAILED = "internal_error"


@cache
def _endpoints() -> list[Endpoint]:
    with tempfile.TemporaryDirectory() as folder:
        return endpoints(Path(folder))


async def _headers(rng: random.Random, scene: Scene) -> list[str]:
    """Who a request seems to come from."""
    port = scene.alice.port
    match rng.choice(["nobody", "wrong", "template", "program", "program", "foreign"]):
        case "template":
            host = f"{TEMPLATE}.localhost"
            cookie = await cookie_of(port, host)
            return [f"Host: {host}:{port}", f"Origin: http://{host}:{port}", f"Cookie: {cookie}"]
        case "program":
            return [
                f"Host: 127.0.0.1:{port}",
                f"Authorization: {scene.alice.headers['Authorization']}",
            ]
        case "wrong":
            return [f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {'x' * rng.choice([0, 43])}"]
        case "foreign":
            return [f"Host: {rng.choice(['', 'evil.example', f'localhost:{port}'])}", "Origin: x"]
        case _:
            return [f"Host: 127.0.0.1:{port}"]


def _known(rng: random.Random, channel: str) -> Known:
    """What fits into the bodies of endpoints; nothing of it is Bob's, whom it could block."""
    channels = [json.dumps(one) for one in (channel, new_group(rng), "")]
    return {
        "channelId": channels,
        "peerId": [f'"{NOBODY}"', '"x"'],
        "page": ['"page_1"', '""'],
        "context": ['""', '"chess"', '"nobody"'],
        "app": ['""', f'"{TEMPLATE}"'],
        "address": [f'"/ip4/127.0.0.1/tcp/1/p2p/{NOBODY}"', '"http://x/#%2Fip4"'],
        "label": ['"Alice"', '" "'],
        "reachable_by": ['"discovered"'],
        "action": ['"block"', '"unblock"', '"befriend"', '"unfriend"'],
        "frames": [f"[{frame(rng, [channel]).decode('utf-8', 'replace')}]", "[]"],
        "timeout": ["1", "1000"],
    }


async def requests(rng: random.Random, scene: Scene) -> None:
    """Each request is answered or cut, and none fails within the node."""
    async with scene.channel() as channel:
        for _ in range(10):
            one = rng.choice(_endpoints())
            headers = await _headers(rng, scene)
            head = request(rng, one, headers, _known(rng, channel))
            answer = await _exchange(scene.alice.port, head)
            assert not answer.startswith(b"HTTP/1.1 500") or b'"plugin_error"' in answer, (
                head[:2000],
                answer[:2000],
            )


async def _exchange(port: int, data: bytes) -> bytes:
    """What comes back at first, if anything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            writer.write_eof()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    return await reader.read(65536)
        return b""
    finally:
        writer.transport.abort()


async def page_frames(rng: random.Random, scene: Scene) -> None:
    """Frames over a WebSocket: each is taken or refused in words."""
    async with scene.channel() as channel, _socket(scene) as socket:
        heard = asyncio.create_task(_hear(socket))
        for _ in range(rng.choice([5, 40])):
            data = frame(rng, [channel, new_group(rng)])
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send(data if rng.random() < 0.05 else data.decode("utf-8", "replace"))
        await socket.close()
        assert FAILED not in await heard


async def posted_frames(rng: random.Random, scene: Scene) -> None:
    """The same by event stream and POST."""
    page = f"page_{rng.randrange(20)}"
    async with scene.channel() as channel:
        port, headers = scene.alice.port, scene.alice.headers
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(
                f"GET /api/realtime/events?page={page} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: {headers['Authorization']}\r\n\r\n".encode()
            )
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
            for _ in range(rng.choice([1, 5])):
                said = [frame(rng, [channel]) for _ in range(rng.choice([1, 20]))]
                body = b'{"page":"%b","frames":[%b]}' % (page.encode(), b",".join(said))
                answer = await scene.alice.http.post("/api/realtime/frames", content=body)
                assert answer.status_code < 500, answer.text
            writer.write_eof()
            assert FAILED.encode() not in await reader.read(1 << 20)
        finally:
            writer.transport.abort()


async def bare_socket(rng: random.Random, scene: Scene) -> None:
    """Bytes that are no frames of a WebSocket."""
    port = scene.alice.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"GET /api/realtime/connect HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: {scene.alice.headers['Authorization']}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"\r\n\r\n")
        for _ in range(rng.randint(1, 5)):
            first = rng.choice([0x81, 0x01, 0x82, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0xF1, 0x8F])
            size = rng.choice([0, 1, 125])
            length = bytes([0x80 | size]) if rng.random() < 0.6 else b"\xff" + _eight(rng)
            writer.write(bytes([first]) + length + rng.randbytes(4) + blob(rng, 130)[:size])
    finally:
        (writer.transport.abort if rng.random() < 0.5 else writer.close)()


def _eight(rng: random.Random) -> bytes:
    return number(rng, 0, 2**64 - 1).to_bytes(8, "big")


async def sockets(rng: random.Random, scene: Scene) -> None:
    """Pages that come by the dozen, and go without a word."""
    async with contextlib.AsyncExitStack() as stack:
        for n in range(SOCKETS):
            socket = await stack.enter_async_context(_socket(scene))
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send(json.dumps({"type": "subscribe", "page": f"page_{n % 7}"}))
            if rng.random() < 0.7:
                socket.transport.abort()


async def page_ids(rng: random.Random, scene: Scene) -> None:
    """One connection that is ever another page."""
    async with scene.channel() as channel, _socket(scene) as socket:
        heard = asyncio.create_task(_hear(socket))
        for _ in range(PAGES):
            page = f"p{rng.getrandbits(40):x}"
            await socket.send(json.dumps({"type": "subscribe", "page": page, "everything": 1}))
            await socket.send(json.dumps({"type": "send", "channel": channel, "data": page}))
        await socket.close()
        assert FAILED not in await heard


async def half_requests(rng: random.Random, scene: Scene) -> None:
    """Requests that are never complete."""
    writers = []
    try:
        for _ in range(SOCKETS):
            _, writer = await asyncio.open_connection("127.0.0.1", scene.alice.port)
            writers.append(writer)
            one = rng.choice(_endpoints())
            data = request(rng, one, await _headers(rng, scene), _known(rng, new_group(rng)))
            writer.write(data[: rng.randint(0, len(data) - 1)])
    finally:
        for writer in writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def _socket(scene: Scene) -> AsyncIterator[websockets.ClientConnection]:
    async with websockets.connect(
        scene.alice.ws_url, additional_headers=scene.alice.headers, max_size=None
    ) as socket:
        yield socket


async def _hear(socket: websockets.ClientConnection) -> str:
    found = ""
    with contextlib.suppress(websockets.ConnectionClosed):
        async for text in socket:
            found += str(text)
    return found
