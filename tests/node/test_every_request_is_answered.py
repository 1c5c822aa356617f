# SPDX-License-Identifier: MIT
"""Whatever a client sends, it is answered, or cut cleanly: over HTTP and WebSocket, by deadlines.

One server with the node's own protocols runs in this process, on a loopback socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.web import http_protocol, places, web_sockets
from goop_node.web.http_parser import MAX_HEAD, MAX_TARGET
from goop_node.web.http_protocol import HttpProtocol
from goop_node.web.places import Places
from goop_node.web.web_sockets import PageProtocol

HANDSHAKE = (
    b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
PLAIN = b"Host: localhost\r\n"
HANG = 20.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says how large the body is; an echo over WebSockets; a big answer at /big, a slow
    one at /stream, and PUT is refused before its body."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    if scope["method"] == "PUT":
        headers = [(b"content-length", b"0")]
        if scope["path"] != "/kept":
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"early", "more_body": True})
        await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b"late"})
        return
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    body = b"x" * 8_000_000 if scope["path"] == "/big" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def serving(limit: int = 100) -> AsyncIterator[tuple[int, Places]]:
    """The port of a server, and its places."""
    held = Places(limit)
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", functools.partial(HttpProtocol, places=held)),
        ws=PageProtocol,
        lifespan="off",
        log_config=None,
    )
    config.load()
    state = uvicorn.Server(config).server_state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    try:
        yield server.sockets[0].getsockname()[1], held
    finally:
        server.close()
        connections: list[Any] = list(state.connections)
        for connection in connections:  # as a server does that stops
            connection.shutdown()
        for connection in connections:
            connection.transport.abort()
        await asyncio.gather(*state.tasks)
        await server.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it; what takes longer than any loaded machine would fails."""
    for _ in range(int(HANG * 1000)):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come to that")


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; nothing that happens on it takes longer than a hang."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(HANG):
            yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ask(port: int, request: bytes) -> bytes:
    """The first line of the answer."""
    async with client(port) as (reader, writer):
        writer.write(request)
        return await reader.readline()


def head(lines: bytes, *, websocket: bool, method: bytes = b"GET") -> bytes:
    """A request with ``lines`` behind the headers that it needs."""
    return method + b" / HTTP/1.1\r\n" + (HANDSHAKE if websocket else PLAIN) + lines + b"\r\n"


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing that a client sends ends in one."""
    caplog.set_level(logging.INFO)
    yield
    assert not [record for record in caplog.get_records("call") if record.exc_info]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("websocket", [False, True], ids=["http", "websocket"])
@pytest.mark.parametrize(
    "lines",
    [
        b"Cookie: " + b"x" * 8_300 + b"\r\n",
        b"Cookie: " + b"x" * 160_000 + b"\r\n",
        b"Cookie: " + b"; ".join([b"k=" + b"x" * 4_000] * 180) + b"\r\n",
        b"Cookie: a=b\r\n" * 140,
        b"X-Odd: \xff\xfe\r\n",
        b"X-Empty:\r\n",
    ],
    ids=["8 KiB", "160 KB", "180 cookies", "140 headers", "odd bytes", "empty"],
)
async def test_what_browsers_send_is_let_in(websocket: bool, lines: bytes) -> None:
    async with serving() as (port, _):
        answer = await ask(port, head(lines, websocket=websocket))
        assert answer.startswith(b"HTTP/1.1 101" if websocket else b"HTTP/1.1 200"), answer


@pytest.mark.parametrize("websocket", [False, True], ids=["http", "websocket"])
@pytest.mark.parametrize("to_person", [False, True], ids=["program", "person"])
async def test_beyond_all_bounds_the_answer_says_what_to_do(
    websocket: bool, to_person: bool
) -> None:
    lines = b"Accept: text/html\r\n" if to_person else b""
    lines += b"Cookie: " + b"x" * (3 * MAX_HEAD) + b"\r\n"
    async with serving() as (port, _), client(port) as (reader, writer):
        writer.write(head(lines, websocket=websocket))
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"Delete this site&#x27;s cookies" in answer or b"Delete this site's cookies" in answer
    assert (b"<!doctype html>" in answer) == to_person
    assert (b'"code": "headers_too_large"' in answer) != to_person


async def test_the_bound_of_a_head_is_exact_however_it_arrives() -> None:
    def request(size: int) -> bytes:
        return head(b"X: " + b"x" * size + b"\r\n", websocket=False)

    fits = MAX_HEAD - len("Host: localhost\r\n") - len("X: \r\n")
    async with serving() as (port, _):
        assert (await ask(port, request(fits))).startswith(b"HTTP/1.1 200")
        assert (await ask(port, request(fits + 1))).startswith(b"HTTP/1.1 431")
        assert (await ask(port, head(b"X: y\r\n" * 1_990, websocket=False)))[9:12] == b"200"
        assert (await ask(port, head(b"X: y\r\n" * 2_100, websocket=True)))[9:12] == b"431"
        body = b"\n" * 3_000
        lines = b"Content-Length: 3000\r\n"
        assert (await ask(port, head(lines, websocket=False, method=b"POST") + body))[
            9:12
        ] == b"200"


@pytest.mark.parametrize("websocket", [False, True], ids=["http", "websocket"])
async def test_an_address_has_a_bound(websocket: bool) -> None:
    async with serving() as (port, _):
        for size, status in ((MAX_TARGET, b"101" if websocket else b"200"), (MAX_HEAD, b"414")):
            address = b"GET " + (b"/a" * size)[:size] + b" "
            request = head(b"", websocket=websocket).replace(b"GET / ", address)
            assert (await ask(port, request))[9:12] == status


FIELDS = st.sampled_from(
    [
        b"Upgrade: h2c\r\n",
        b"Upgrade: websocket\r\n",
        b"Connection: close\r\n",
        b"Connection: @@\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Expect: 100-continue\r\n",
        b"Sec-WebSocket-Key: short\r\n",
        b"Sec-WebSocket-Protocol: ,;\x80\r\n",
        b"Sec-WebSocket-Extensions: permessage-deflate; =\r\n",
        b"Origin: a\r\nOrigin: b\r\n",
        b" folded\r\n",
        b"no colon\r\n",
        b"\r\n",
    ]
)
ANY_LINES = st.lists(
    st.one_of(
        FIELDS,
        st.binary(max_size=40).map(lambda value: b"X: " + value + b"\r\n"),
        st.integers(0, 40_000).map(lambda size: b"Cookie: " + b"y" * size + b"\r\n"),
        st.integers(0, 300).map(lambda count: b"Z: z\r\n" * count),
        st.binary(max_size=20),
    ),
    max_size=6,
).map(b"".join)


async def test_a_body_with_two_lengths_hides_no_second_request() -> None:
    fields = b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"
    hidden = head(b"", websocket=False)
    async with serving() as (port, _), client(port) as (reader, writer):
        writer.write(head(fields, websocket=False, method=b"POST") + b"0\r\n\r\n" + hidden)
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@given(
    lines=ANY_LINES,
    websocket=st.booleans(),
    method=st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"\xff", b""]),
    behind=st.one_of(st.just(b""), st.binary(max_size=30), st.just(b"ffff;" + b"e" * 70_000)),
    cut=st.integers(0, 400),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_comes_is_answered_or_cut(
    lines: bytes, websocket: bool, method: bytes, behind: bytes, cut: int
) -> None:
    """The client closes its side behind it, so that what is not answered is cut."""
    request = head(lines, websocket=websocket, method=method) + behind
    async with serving() as (port, held):
        async with client(port) as (reader, writer):
            with contextlib.suppress(ConnectionError):
                writer.write(request[:cut])
                await asyncio.sleep(0)
                writer.write(request[cut:])
                writer.write_eof()
                answer = await reader.read()
                assert answer == b"" or answer.startswith((b"HTTP/1.1 ", b"\x81")), answer
        await until(lambda: held.taken == 0)


SLOW = {
    "half a head": (b"GET / HTTP/1.1\r\nHost:", b"408"),
    "half a body": (b"POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 9000\r\n\r\nab", b"408"),
    "half a chunk": (
        b"POST / HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"e" * 900,
        b"408",
    ),
    "nothing": (b"", b""),
    "a body that is not awaited": (
        b"PUT /kept HTTP/1.1\r\nHost: l\r\nContent-Length: 9000\r\n\r\nab",
        b"413",
    ),
    "one request, then half of one": (
        b"GET / HTTP/1.1\r\nHost: l\r\n\r\nGET / HTTP/1.1\r\nHo",
        b"200",
    ),
}


@pytest.mark.parametrize("what", SLOW)
async def test_a_client_that_does_not_finish_is_cut(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owed in ("request", "head", "body"):
        monkeypatch.setitem(http_protocol._SECONDS, owed, 0.2)
    sent, status = SLOW[what]
    async with serving() as (port, held):
        async with client(port) as (reader, writer):
            dripping = asyncio.create_task(_drip(writer, sent))
            answer = await reader.read()
            dripping.cancel()
        assert answer[9:12] == status
        assert answer.count(b"HTTP/1.1") <= 1 + sent.count(b"GET")
        assert what != "one request, then half of one" or b" 408 " in answer
        await until(lambda: held.taken == 0)


async def _drip(writer: asyncio.StreamWriter, sent: bytes) -> None:
    """Something comes all the time, and never all of it."""
    writer.write(sent)
    while sent:
        await asyncio.sleep(0.02)
        writer.write(b"c")


async def test_who_is_answered_waits_without_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    for owed in ("request", "head", "body"):
        monkeypatch.setitem(http_protocol._SECONDS, owed, 0.1)
    async with serving() as (port, _), client(port) as socket, client(port) as stream:
        socket[1].write(head(b"", websocket=True))
        assert (await socket[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        stream[1].write(b"GET /stream HTTP/1.1\r\nHost: l\r\n\r\n")
        assert (await stream[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.4)  # all deadlines would be over
        socket[1].write(b"\x81\x82\0\0\0\0hi")
        assert await socket[0].readexactly(4) == b"\x81\x02hi"
        assert b"late" in await stream[0].readuntil(b"late")


@pytest.mark.parametrize("size", [300_000, 20_000_000])
@pytest.mark.parametrize("last", [b"", b"Connection: close\r\n"], ids=["kept", "last"])
async def test_who_sends_too_much_gets_the_answer_and_no_reset(size: int, last: bytes) -> None:
    lines = b"Content-Length: " + str(size).encode() + b"\r\n" + last
    async with serving() as (port, _), client(port) as (reader, writer):
        writer.write(head(lines, websocket=False, method=b"PUT"))
        for _ in range(0, size, 100_000):
            writer.write(b"x" * 100_000)
            await writer.drain()
        assert (await reader.readline())[9:12] == b"413"


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as (port, _), client(port) as (reader, writer):
        one = head(b"Content-Length: 1\r\n", websocket=False, method=b"POST") + b"x"
        writer.write(one + head(b"", websocket=False) + one + head(b"", websocket=True))
        for body in (b"1", b"0", b"1"):
            answer = await reader.readuntil(b"\r\n\r\n" + body)
            assert answer.startswith(b"HTTP/1.1 200")
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"Version: 13", b"Version: 12"),
        (b"Connection: Upgrade", b"Connection: Upgrade" + b", a" * 3_000),
        (b"Key: ", b"Key: x"),
    ],
    ids=["version", "endless options", "key"],
)
async def test_a_handshake_that_is_none_is_refused_in_words(right: bytes, wrong: bytes) -> None:
    async with serving() as (port, _), client(port) as (reader, writer):
        writer.write(head(b"", websocket=True).replace(right, wrong))
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b'"code": "bad_handshake"' in answer
        assert b"default-src 'none'" in answer


async def test_an_answer_that_nobody_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "READ_SECONDS", 0.2)
    async with serving() as (port, held), client(port) as (_, writer):
        writer.write(b"GET /big HTTP/1.1\r\nHost: l\r\n\r\n")
        await until(lambda: held.taken == 1)
        await until(lambda: held.taken == 0)


async def test_half_requests_never_take_the_last_place(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(limit=20) as (port, held), contextlib.AsyncExitStack() as clients:
        for _ in range(60):
            _, writer = await clients.enter_async_context(client(port))
            writer.write(b"GET / HTTP/1.1\r\nX")
        assert (await ask(port, head(b"", websocket=False)))[9:12] == b"200"
        assert held.taken <= 20
    assert len([record for record in caplog.records if "no place" in record.message]) == 1


async def test_unfinished_requests_of_all_clients_have_one_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "MOST_HELD", 5 * MAX_HEAD)
    async with serving() as (port, held), contextlib.AsyncExitStack() as clients:
        for _ in range(8):
            _, writer = await clients.enter_async_context(client(port))
            with contextlib.suppress(ConnectionError):
                writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD - 100))
                await writer.drain()
        await until(lambda: held.taken <= 5)
        assert (await ask(port, head(b"", websocket=False)))[9:12] == b"200"


async def test_websockets_leave_places_to_requests() -> None:
    async with serving(limit=20) as (port, held):
        async with contextlib.AsyncExitStack() as clients:
            for number in range(30):
                reader, writer = await clients.enter_async_context(client(port))
                writer.write(head(b"", websocket=True))
                status = (await reader.readline())[9:12]
                assert status == (b"101" if number < 15 else b"503"), number
            assert (await ask(port, head(b"", websocket=False)))[9:12] == b"200"
        await until(lambda: held.taken == 0)
        assert (await ask(port, head(b"", websocket=True)))[9:12] == b"101"


async def test_a_server_stops_whatever_its_clients_are_at() -> None:
    states = (
        b"",
        b"GET / HT",
        head(b"", websocket=False),
        head(b"Content-Length: 9\r\n", websocket=False),
        head(b"", websocket=True),
        head(b"", websocket=True).replace(b"Version: 13", b"Version: 12"),
        head(b"Cookie: " + b"x" * MAX_HEAD + b"\r\n", websocket=False),
        b"no HTTP\r\n\r\n",
    )
    async with serving() as (port, held), contextlib.AsyncExitStack() as clients:
        for state in states:
            _, writer = await clients.enter_async_context(client(port))
            writer.write(state)
            await writer.drain()
        await until(lambda: held.taken == len(states))


async def test_frames_that_come_before_the_answer_wait_for_it() -> None:
    async with serving() as (port, _), client(port) as (reader, writer):
        frame = b"\x81\x82\0\0\0\0hi"
        writer.write(head(b"", websocket=True) + b"\x89\x80\0\0\0\0" + frame)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(2) == b"\x8a\0"
        assert await reader.readexactly(4) == b"\x81\x02hi"


async def test_pings_by_the_thousand_keep_nobody_waiting() -> None:
    """A turn of the loop handles so many bytes of one client, whatever they are."""
    ping = b"\x89\x80\x00\x00\x00\x00"
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with serving() as (port, _), client(port) as (reader, writer):
        writer.write(head(b"", websocket=True))
        await reader.readuntil(b"\r\n\r\n")
        counting = asyncio.create_task(count())
        pings = 40 * web_sockets.READ_AT_ONCE // len(ping)
        writer.write(ping * pings)
        answered = await reader.readexactly(2 * pings)
        counting.cancel()
        assert answered == b"\x8a\x00" * pings
        assert turns >= 40
        writer.write(b"\x81\x82\x00\x00\x00\x00hi")
        assert await reader.readexactly(4) == b"\x81\x02hi"
