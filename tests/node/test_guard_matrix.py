# SPDX-License-Identifier: MIT
"""Host × Origin × credential × Sec-Fetch-Site at a running node, over HTTP, SSE and WebSocket.

Every answer is compared twice: with the pure ``judge``, and with a table written from the
rules alone. Requests go out by hand, since no client would send most of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import websockets

from goop_node.problems import Problem
from goop_node.testing import NodeProcess, start_node
from goop_node.web.guard import Facts, Verdict, judge
from goop_node.web.origins import Origins
from tests.limits import HANG

AT_ONCE = 8
KINDS = ("get", "post", "events", "socket", "page")
SITES = (None, "same-origin", "none", "same-site", "cross-site")
CREDENTIALS = ("nothing", "cookie", "other cookie", "home cookie", "bearer", "wrong bearer")
HOSTS = {
    "localhost:PORT": "",
    "127.0.0.1:PORT": "",
    "home.localhost:PORT": "",
    "alpha.localhost:PORT": "alpha",
    "beta.localhost:PORT": "beta",
    "localhost": None,
    "evil.example:PORT": None,
    "alpha.localhost.evil.example:PORT": None,
}
"""What a Host stands for; ``None``: nothing of ours."""
FOR_PROGRAMS = ("localhost:PORT", "127.0.0.1:PORT")
"""Where no cookie counts."""
ORIGINS = (None, "own", "null", "http://localhost:PORT", "http://alpha.localhost:PORT", "https://x")

READ_WITHOUT_ORIGIN = {
    None: True,
    "same-origin": True,
    "none": True,
    "same-site": False,
    "cross-site": False,
}
"""With the page's cookie and no Origin: whether Sec-Fetch-Site lets a GET read."""


@dataclass(frozen=True)
class Case:
    """One request."""

    kind: str
    host: str
    origin: str | None
    credential: str
    site: str | None


@dataclass(frozen=True)
class Target:
    """A running node with two templates, and the cookies of its pages by template."""

    node: NodeProcess
    cookies: dict[str, str]

    @property
    def origins(self) -> Origins:
        """As the node has them."""
        return Origins(port=self.node.port, templates=("alpha", "beta"))


async def exchange(port: int, head: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request; status, headers and as much of the body as has a length."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode())
        async with asyncio.timeout(HANG):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return int(lines[0].split()[1]), headers, body
    finally:
        writer.close()


def request(kind: str, path: str, headers: dict[str, str | None]) -> str:
    """The text of a request."""
    method = "POST" if kind == "post" else "GET"
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    if kind == "post":
        lines += ["Content-Type: application/json", "Content-Length: 2"]
    if kind == "socket":
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    return "\r\n".join(lines) + "\r\n\r\n" + ("{}" if kind == "post" else "")


async def cookie_of(port: int, host: str) -> str:
    """The cookie that a person's navigation brings."""
    head = request(
        "page",
        "/",
        {"Host": f"{host}:{port}", "Accept": "text/html", "Sec-Fetch-Mode": "navigate"},
    )
    status, headers, _ = await exchange(port, head)
    assert status == 200
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.partition(";")[0]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder: Path = tmp_path_factory.mktemp("guard")
    options = []
    for name in ("alpha", "beta"):
        (folder / name).mkdir()
        (folder / name / "index.html").write_text("<!doctype html><title>t</title>")
        options.append(f"--template={folder / name}")
    node = start_node(folder / "node", *options)

    async def cookies() -> dict[str, str]:
        return {
            name: await cookie_of(node.port, f"{name or 'home'}.localhost")
            for name in ("", "alpha", "beta")
        }

    try:
        yield Target(node, asyncio.run(cookies()))
    finally:
        node.stop()
    log = node.log.read_text()
    assert "Traceback" not in log, log
    assert "ERROR" not in log, log


PATHS = {
    "get": "/api/self",
    # Let in, it is refused for its empty body: nothing is changed by the matrix.
    "post": "/api/realtime/close",
    "events": "/api/peers/events",
    "socket": "/api/realtime/connect",
    "page": "/",
}
LET_IN = {"get": {200}, "post": {400}, "events": {200}, "socket": {101}, "page": {200}}


def build(target: Target, case: Case) -> tuple[str, Facts]:
    """The request of a case, and the facts about it."""
    port = str(target.node.port)
    host = case.host.replace("PORT", port)
    origin = case.origin
    if origin == "own":
        origin = f"http://{host}"
    elif origin is not None:
        origin = origin.replace("PORT", port)
    own = HOSTS[case.host] or ""
    holder = {
        "cookie": own,
        "other cookie": "beta" if own == "alpha" else "alpha",
        "home cookie": "",
    }.get(case.credential)
    authorization = {
        "bearer": f"Bearer {target.node.token}",
        "wrong bearer": "Bearer " + "x" * len(target.node.token),
    }.get(case.credential)
    head = request(
        case.kind,
        PATHS[case.kind],
        {
            "Host": host,
            "Origin": origin,
            "Sec-Fetch-Site": case.site,
            "Cookie": None if holder is None else target.cookies[holder],
            "Authorization": authorization,
        },
    )
    facts = Facts(
        host=host,
        origin=origin,
        fetch_site=case.site,
        safe=case.kind in ("get", "events", "page"),
        cookies=() if holder is None else (holder,),
        bearer=None if authorization is None else case.credential == "bearer",
    )
    return head, facts


def expected(case: Case) -> int | None:
    """The status of the refusal, or ``None`` for a request that is let in: the rules in words."""
    owner = HOSTS[case.host]
    if owner is None:
        return 421
    own = case.origin == "own" or case.origin == f"http://{case.host}"
    if case.origin is not None and not own:
        return 403
    if case.kind == "page":
        return None
    if case.credential == "bearer":
        return None
    has_cookie = case.credential == "cookie" or (case.credential == "home cookie" and owner == "")
    if not has_cookie or case.host in FOR_PROGRAMS:
        return 401
    if own:
        return None
    readable = case.kind in ("get", "events")
    return None if readable and READ_WITHOUT_ORIGIN[case.site] else 403


async def check(target: Target, case: Case) -> str:
    """What is wrong with the node's answer to a case; ``""`` for nothing."""
    head, facts = build(target, case)
    status, headers, body = await exchange(target.node.port, head)
    verdict = judge(facts, target.origins)
    problem: object = verdict
    if isinstance(verdict, Verdict):
        problem = None if case.kind == "page" else verdict.caller
    wanted = expected(case)
    if (problem.status if isinstance(problem, Problem) else None) != wanted:
        return f"{case}: judge says {verdict}, the rules {wanted}"
    if not isinstance(problem, Problem):
        if status not in LET_IN[case.kind]:
            return f"{case}: let in, got {status} {body!r}"
        return ""
    if status != wanted:
        return f"{case}: expected {wanted}, got {status} {body!r}"
    if "default-src 'none'" not in headers.get("content-security-policy", ""):
        return f"{case}: {headers}"
    if headers.get("content-type") != "application/problem+json":
        return f"{case}: {headers}"
    told: dict[str, Any] = json.loads(body)
    if told["code"] != problem.code or "set-cookie" in headers:
        return f"{case}: {told} {headers}"
    return ""


@pytest.mark.parametrize("kind", KINDS)
async def test_every_combination(target: Target, kind: str) -> None:
    cases = [
        Case(kind, *rest)
        for rest in itertools.product(HOSTS, ORIGINS, CREDENTIALS, SITES)
        # Which cookie a page's own host gets does not matter for pages.
        if kind != "page" or rest[2] in ("nothing", "cookie", "bearer")
        # Each one that is wrong waits for longer.
        if rest[2] != "wrong bearer" or (rest[::3] == ("127.0.0.1:PORT", None) and rest[1] is None)
    ]
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> str:
        async with limit:
            return await check(target, case)

    wrong = [text for text in await asyncio.gather(*map(one, cases)) if text]
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Host", "localhost:PORT", "evil.example"),
        ("Origin", "http://localhost:PORT", "https://evil.example"),
        ("Authorization", "Bearer TOKEN", "Bearer x"),
    ],
)
async def test_a_header_that_comes_twice_counts_as_wrong(
    target: Target, name: str, first: str, second: str
) -> None:
    values = [
        value.replace("PORT", str(target.node.port)).replace("TOKEN", target.node.token)
        for value in (first, second)
    ]
    lines = {
        "Host": f"localhost:{target.node.port}",
        "Authorization": f"Bearer {target.node.token}",
    }
    lines.pop(name, None)
    for pair in (values, values[::-1]):
        head = "GET /api/self HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for value in pair)
        head += "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        status, _, _ = await exchange(target.node.port, head + "\r\n")
        assert status in (400, 401, 403, 421)


async def test_the_cookie_comes_with_a_persons_navigation_only(target: Target) -> None:
    host = f"alpha.localhost:{target.node.port}"
    for headers in (
        {"Accept": "*/*"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "no-cors"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"},
    ):
        head = request("page", "/", {"Host": host, **headers})
        status, answer, _ = await exchange(target.node.port, head)
        assert status == 200
        assert "set-cookie" not in answer, headers


async def test_what_a_page_may_not_do_its_headers_forbid(target: Target) -> None:
    for host in ("localhost", "home.localhost", "alpha.localhost"):
        head = request("page", "/", {"Host": f"{host}:{target.node.port}"})
        _, headers, _ = await exchange(target.node.port, head)
        assert headers["content-type"] == "text/html; charset=utf-8"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


async def test_people_get_a_page_where_there_is_nothing_and_programs_a_problem(
    target: Target,
) -> None:
    for host in ("home.localhost", "alpha.localhost"):
        for accept, kind in (("text/html", "text/html; charset=utf-8"), ("*/*", "application/")):
            headers = {"Host": f"{host}:{target.node.port}", "Accept": accept}
            status, answer, body = await exchange(
                target.node.port, request("page", "/no/such/page", headers)
            )
            assert status == 404
            assert answer["content-type"].startswith(kind)
            assert b"nothing at this address" in body


@pytest.mark.parametrize(
    "path",
    [
        "//api/self",
        "/%2fapi/self",
        "/%61pi/self",
        "/api/self/",
        "/api/./self",
        "/x/../api/self",
        "/api/self;x",
        "/api%2Fself",
        "/api\\self",
        "http://localhost/api/self",
        "//api/chess/games/G/abandon",
        "//api/realtime/connect",
        "*",
    ],
)
async def test_over_the_wire_a_path_has_one_spelling(target: Target, path: str) -> None:
    headers: dict[str, str | None] = {
        "Host": f"localhost:{target.node.port}",
        "Authorization": f"Bearer {target.node.token}",
    }
    for kind in ("get", "post", "socket"):
        status, answer, body = await exchange(target.node.port, request(kind, path, headers))
        assert status == 404, (kind, path, body)
        assert "default-src 'none'" in answer["content-security-policy"]
        assert json.loads(body)["code"] == "not_found"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_people_are_led_home_from_the_plain_names(target: Target, host: str) -> None:
    port = target.node.port
    for path in ("/", "/join?a=%20b", "/no/such/page"):
        headers: dict[str, str | None] = {"Host": f"{host}:{port}", "Accept": "text/html"}
        for mode in ("navigate", None):
            head = request("page", path, {**headers, "Sec-Fetch-Mode": mode})
            status, answer, _ = await exchange(port, head)
            assert status == 307
            assert answer["location"] == f"http://home.localhost:{port}{path}"
            assert "set-cookie" not in answer
    plain = request("page", "/icon.svg", {"Host": f"{host}:{port}", "Accept": "*/*"})
    assert (await exchange(port, plain))[0] == 200
    template = request("page", "/alpha/x", {**headers, "Sec-Fetch-Mode": "navigate"})
    _, answer, _ = await exchange(port, template)
    assert answer["location"] == f"http://alpha.localhost:{port}/x"


async def test_a_template_with_many_sockets_leaves_places_to_home(target: Target) -> None:
    async def connect(clients: contextlib.AsyncExitStack, name: str) -> websockets.ClientConnection:
        host = f"{name or 'home'}.localhost:{target.node.port}"
        opening = websockets.connect(
            f"ws://{host}/api/realtime/connect",
            host="127.0.0.1",
            port=target.node.port,
            origin=websockets.Origin(f"http://{host}"),
            additional_headers={"Cookie": target.cookies[name]},
        )
        return await clients.enter_async_context(opening)

    async with contextlib.AsyncExitStack() as clients:
        sockets = [await connect(clients, "alpha") for _ in range(64)]
        codes = []
        for socket in sockets:
            try:
                await socket.send('{"type":"subscribe"}')
                assert "subscribed" in str(await socket.recv())
            except websockets.ConnectionClosed as end:
                codes.append(end.rcvd and end.rcvd.code)
        assert codes == [4029] * 16
        home = await connect(clients, "")
        await home.send('{"type":"subscribe"}')
        assert "subscribed" in str(await home.recv())
