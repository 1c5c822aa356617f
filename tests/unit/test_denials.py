# SPDX-License-Identifier: MIT
"""What is refused whoever calls, and what every refusal looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar import WebSocket, asgi, get, websocket
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from goop_node import access
from goop_node.types import Route, Who
from goop_node.web import home_api
from tests.unit.in_process import Client, Headers
from tests.unit.spellings import PORT, misspelled
from tests.unit.test_access import rows_of, sample

HOST = (b"host", f"localhost:{PORT}".encode())
SECURITY = {
    b"content-security-policy",
    b"permissions-policy",
    b"cross-origin-resource-policy",
    b"cross-origin-opener-policy",
    b"x-content-type-options",
    b"referrer-policy",
}


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "HEAD", "PUT", "BREW", "get"])
async def test_other_methods_run_nothing(clients: tuple[Client, Client], method: str) -> None:
    client = clients[0]
    token = b"Bearer " + client.node.tokens.bearer.encode()
    headers = [(b"host", f"localhost:{PORT}".encode()), (b"authorization", token)]
    for row in rows_of(client):
        answer = await client.call(sample(row.path).encode(), headers, method=method)
        assert (row.method == "ANY" and method.isupper()) or (
            not answer.ran and answer.status in (404, 405)
        ), (row, answer)


@pytest.mark.parametrize("method", ["websocket", "asgi", "http", "Get", "\u0131"])
async def test_a_method_is_not_taken_for_a_kind_of_handler(
    clients: tuple[Client, Client], method: str
) -> None:
    client = clients[0]
    token = b"Bearer " + client.node.tokens.bearer.encode()
    headers = [(b"host", f"localhost:{PORT}".encode()), (b"authorization", token)]
    answer = await client.call(b"/api/realtime/connect", headers, method=method)
    assert not answer.ran
    assert answer.status == 405


async def test_every_denial_carries_the_security_headers(clients: tuple[Client, Client]) -> None:
    client = clients[0]
    home = f"localhost:{PORT}".encode()
    for headers, raw in (
        ([(b"host", b"evil.example")], b"/"),
        ([], b"/"),
        ([(b"host", home), (b"origin", b"https://evil.example")], b"/"),
        ([(b"host", home), (b"content-length", b"300000")], b"/"),
        ([(b"host", home), (b"content-length", "²".encode("latin-1"))], b"/"),
        ([(b"host", home), (b"content-length", b"9" * 5000)], b"/"),
        ([(b"host", home)], b"//api/self"),
        ([(b"host", home)], b"/api/self"),
        ([(b"host", home)], b"/api/nothing/here"),
        ([(b"host", home), (b"authorization", b"Bearer x")], b"/api/self"),
        ([(b"host", b"chess." + home), (b"cookie", client.cookie("chess"))], b"/api/status"),
    ):
        for socket, method in ((False, "GET"), (False, "POST"), (True, "GET")):
            answer = await client.call(raw, headers, method=method, socket=socket)
            if answer.ran:
                assert raw == b"/"  # a page: no denial
                continue
            assert 400 <= answer.status < 500, (headers, raw, answer)
            names = [name for name, _ in answer.headers]
            assert set(names) >= SECURITY, (headers, raw, socket)
            assert len(names) == len(set(names))
            assert b"set-cookie" not in names
            assert json.loads(answer.body)["code"]


async def test_a_server_that_cannot_answer_a_handshake_closes(
    clients: tuple[Client, Client],
) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "raw_path": b"//", "headers": [], "extensions": {}}
    await clients[0].app(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 4403, "reason": "bad_host"}]


@pytest.mark.parametrize(
    "shown",
    [
        "Bearer TOKEN",
        "bearer TOKEN",
        "BEARER   TOKEN ",
    ],
)
async def test_the_token_is_known_by_any_spelling_of_its_scheme(
    clients: tuple[Client, Client], shown: str
) -> None:
    answer = await clients[0].call(b"/api/self", [HOST, *authorization(clients[0], shown)])
    assert answer.ran == ["/api/self"]


@pytest.mark.parametrize(
    "shown",
    [
        "TOKEN",
        "Basic TOKEN",
        "BearerTOKEN",
        "Bearer",
        "Bearer ",
        "",
        "Bearer token",
        "Bearer TOKENx",
        "Bearer xTOKEN",
        "Bearer TOKEN, Bearer TOKEN",
        "Bearer TOKEN TOKEN",
        "Bearer \u00e9",
        "Bearer \u00ff\u00fe",
        "Bearer TOKEN\0",
        "Bearer None",
    ],
)
async def test_what_is_not_quite_the_token_is_none(
    clients: tuple[Client, Client], shown: str
) -> None:
    client = clients[0]
    home = [(b"cookie", client.cookie("")), (b"origin", b"http://" + HOST[1])]
    for more in ([], home):
        answer = await client.call(b"/api/self", [HOST, *authorization(client, shown), *more])
        assert not answer.ran
        assert answer.status == 401


@pytest.mark.parametrize(
    ("name", "status"), [(b"host", 421), (b"origin", 403), (b"authorization", 401)]
)
async def test_a_header_that_security_rests_on_comes_once(
    clients: tuple[Client, Client], name: bytes, status: int
) -> None:
    client = clients[0]
    headers = [HOST, (b"origin", b"http://" + HOST[1]), *authorization(client, "Bearer TOKEN")]
    assert (await client.call(b"/api/self", headers)).ran
    for again in (
        [one for one in headers if one[0] == name],
        [(name, b"")],
        [(name.title(), b"x")],
    ):
        for both in ([*headers, *again], [*again, *headers]):
            answer = await client.call(b"/api/self", both)
            assert (answer.ran, answer.status) == ([], status)


def authorization(client: Client, shown: str) -> Headers:
    """The header, with the token for ``TOKEN``."""
    text = shown.replace("TOKEN", client.node.tokens.bearer)
    return [(b"authorization", text.encode("latin-1"))]


async def test_handlers_of_any_kind_stand_behind_the_gate(
    clients: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    public = {access.DECLARED: access.PUBLIC}

    @get("/one/{path:path}", sync_to_thread=False, opt=public)
    def one(path: FromPath[str]) -> str:
        return path

    @websocket("/two/{name:str}", opt=public)
    async def two(socket: WebSocket[Any, Any, Any], name: FromPath[str]) -> None:
        await socket.accept()

    @asgi("/three", is_mount=True, copy_scope=True, opt=public)
    async def three(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    routes = [Route(handlers=[one, two, three], callers={Who.PROGRAM})]
    monkeypatch.setattr(home_api, "routes", lambda *_: routes)
    client = Client(clients[0].node)
    paths = {
        "/api/one/x/y": False,
        "/api/one/api/self": False,
        "/api/two/x": True,
        "/api/three": False,
        "/api/three/x/y": False,
        "/api/threefold": False,
        "/api/three/%2561": True,
    }
    home = [(b"host", b"home." + HOST[1]), (b"cookie", client.cookie(""))]
    home.append((b"origin", b"http://home." + HOST[1]))
    for path, socket in paths.items():
        for headers, may in (
            ([HOST], False),
            (home, False),
            ([HOST, *authorization(client, "Bearer TOKEN")], True),
        ):
            answer = await client.call(path.encode(), headers, socket=socket)
            assert bool(answer.ran) == may, (path, answer)
        token = authorization(client, "Bearer TOKEN")
        for raw in misspelled(path):
            answer = await client.call(raw, [HOST, *token], socket=socket)
            assert not answer.ran, (raw, answer)
            assert answer.status == 404
    assert one.opt == public  # what a plugin keeps is its own
