# SPDX-License-Identifier: MIT
"""Whatever is sent to any route of the home API, on whatever disk: an answer, or why not."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
from collections.abc import Iterator
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.routes import HTTPRoute

from goop_node.node import Node
from goop_node.problems import MEDIA_TYPE
from goop_node.types import NetworkError
from tests.unit.full_disk import STEPS, full_disk
from tests.unit.in_process import PLUGINS, Answer, Client, make_node
from tests.unit.spellings import PORT

PEERS = [
    "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK",
    "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp",
]
PLACES = [
    *("/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/dns4/localhost/tcp/1", "/dnsaddr/x.test"),
    *("/ip4/1.2.3.4/udp/1/quic-v1", "/dns4/x.test/tcp/1/wss", "/ip4/999.1.1.1/tcp/1", "/", ""),
]
ADDRESSES = st.builds(
    "{}{}".format,
    st.sampled_from(PLACES),
    st.sampled_from(["", "/p2p/", "/p2p/x", *(f"/p2p/{peer}" for peer in PEERS)]),
)
LINKS = ADDRESSES.map(lambda text: f"http://localhost:{PORT}/join#{quote(text, safe='')}")
WORDS = st.one_of(
    st.text(),
    st.sampled_from([*PEERS, "alpha", "camera", "context:chess", "Alice", "%", "#%ff", "é" * 300]),
    ADDRESSES,
    LINKS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3)
    ),
    max_leaves=5,
)
DISKS = st.one_of(
    st.none(),
    st.tuples(st.sampled_from(STEPS), st.sampled_from([errno.ENOSPC, errno.EACCES, errno.EIO])),
)


def bodies(kind: Any) -> st.SearchStrategy[bytes]:
    """Bodies for a handler that reads a ``kind``: right ones, nearly right ones, and any."""
    anything = st.binary(max_size=30) | JSON.map(lambda value: json.dumps(value).encode())
    if kind is None:
        return anything
    fields = {}
    for name, hint in get_type_hints(kind).items():
        fits = st.sampled_from(get_args(hint)) if get_origin(hint) is Literal else WORDS
        fields[name] = fits if name != "permission" else st.sampled_from(["camera", "x"]) | WORDS
    fitting = st.fixed_dictionaries(fields)
    nearly = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, JSON))
    return anything | (fitting | nearly).map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A node whose dials all succeed, though it is not on the network."""
    config = make_node(tmp_path_factory.mktemp("home")).config
    manifest = config.templates[0] / "manifest.json"
    manifest.write_text('{"permissions": ["camera"]}', encoding="utf-8")
    node = Node(config)

    class Dialled:
        """In the place of libp2p: everybody is there."""

        async def run(self, call: Any, *_: Any) -> None: ...

        def __getattr__(self, name: str) -> Any:
            return lambda *_: None

    async def nothing(*_: Any) -> NoReturn:
        raise NetworkError("offline", "there is no network here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.p2p.network, "running", lambda: (Dialled(), Dialled()))
        patch.setattr(node.p2p.network, "open_stream", nothing)
        yield Client(node)


def handlers(client: Client) -> list[tuple[str, str, Any]]:
    """The host's own routes: method, path, and the type of the body."""
    found = []
    for route in client.app._app.routes:
        parts = route.path.split("/")
        if not isinstance(route, HTTPRoute) or parts[1] != "api" or parts[2] in PLUGINS:
            continue
        for handler in route.route_handlers:
            found += [
                (method, route.path, handler.opt.get("body"))
                for method in handler.http_methods - {"OPTIONS"}
                if not route.path.endswith("/events")  # it does not end
            ]
    return sorted(found, key=str)


def ask(client: Client, method: str, path: str, body: bytes) -> Answer:
    token = b"Bearer " + client.node.tokens.bearer.encode()
    headers = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"authorization", token)]
    return asyncio.run(client.call(path.encode(), headers, method=method, body=body))


def test_the_routes_are_found(client: Client) -> None:
    found = handlers(client)
    assert len([one for one in found if one[0] == "POST"]) >= 6
    posts = {one[1]: one[2] for one in found if one[0] == "POST"}
    assert posts.pop("/api/templates/upload") is bytes
    assert all(issubclass(kind, msgspec.Struct) for kind in posts.values())


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_request_has_an_answer(client: Client, data: st.DataObject) -> None:
    method, path, kind = data.draw(st.sampled_from(handlers(client)))
    body = data.draw(bodies(kind))
    disk = data.draw(DISKS)
    with full_disk(*disk) if disk else contextlib.nullcontext():
        answer = ask(client, method, path, body)
    assert answer.status != 500, answer.body
    if path == "/api/metrics" and answer.status == 200:
        return  # it is text
    content = json.loads(answer.body)
    if answer.status >= 400:
        assert dict(answer.headers)[b"content-type"].startswith(MEDIA_TYPE.encode())
        assert content["code"]
        assert content["detail"]
        assert (content["code"] == "storage_failed") <= (disk is not None)


def test_no_refusal_repeats_what_acts_on_its_reader(client: Client) -> None:
    hostile = "\u202e\u2066\n\x1b[2J"
    address = f"/ip4/127.0.0.1/tcp/1/p2p/{PEERS[0]}"
    fitting = {"address": address, "peerId": PEERS[0], "template": "alpha", "action": "unblock"}
    quoted = set()
    for method, path, kind in handlers(client):
        for field in get_type_hints(kind) if kind else ():
            for text in (hostile, f"{hostile}{address}", f"{address}{hostile}"):
                body = {**dict.fromkeys(get_type_hints(kind), "x"), **fitting, field: text}
                answer = ask(client, method, path, json.dumps(body).encode())
                detail = json.loads(answer.body).get("detail", "")
                assert not set(hostile[:3] + "\x1b") & set(detail), (path, field)
                quoted |= {(path, field)} if "\\u202e" in detail else set()
    assert {("/api/friends", "address"), ("/api/people", "action")} <= quoted


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_changes_nothing(client: Client, step: str) -> None:
    address = f"/ip4/127.0.0.1/tcp/1/p2p/{PEERS[0]}"
    asked = {
        "/api/self": {"label": "Mallory"},
        "/api/friends": {"address": address},
        "/api/people": {"peerId": PEERS[0], "action": "befriend"},
        "/api/templates/grant": {"template": "alpha", "permission": "camera"},
    }
    looks = ["/api/self", "/api/people", "/api/templates"]
    ask(
        client,
        "POST",
        "/api/people",
        json.dumps({"peerId": PEERS[0], "action": "unfriend"}).encode(),
    )
    ask(
        client,
        "POST",
        "/api/people",
        json.dumps({"peerId": PEERS[0], "action": "unblock"}).encode(),
    )
    before = [ask(client, "GET", path, b"").body for path in looks]
    for path, body in asked.items():
        with full_disk(step):
            answer = ask(client, "POST", path, json.dumps(body).encode())
        problem = json.loads(answer.body)
        assert (answer.status, problem["code"]) == (503, "storage_failed"), (path, answer.body)
        assert "No space left on device" in problem["detail"]
        assert problem["detail"].endswith("nothing was changed")
    assert [ask(client, "GET", path, b"").body for path in looks] == before
