# SPDX-License-Identifier: MIT
"""To people a page, to programs a problem document: every route, every error, by ``Accept``."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.problems import Problem
from goop_node.web.http_parser import MAX_HEAD
from goop_node.web.negotiation import prefers_page
from goop_node.web.refusals import refusal
from tests.unit.in_process import Answer, Client, Headers, make_node
from tests.unit.spellings import PORT
from tests.unit.test_access import rows_of, sample

BROWSERS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html, */*; q=0.01",
    "TEXT/HTML",
    "text/*;q=0.5",
    "application/json;q=0.4, text/html;q=0.5;charset=utf-8",
]
PROGRAMS = [
    "",
    "*/*",
    "application/json",
    "application/problem+json, text/html",
    "text/html;q=0.3, application/json",
    "text/html;q=0, */*;q=0.1",
    "text/html;q=0, text/*",
    "application/*, text/html",
    "image/png",
    "text/htmlx, text /html, html",
    ",;q=,//,text/",
]
HOME = f"home.localhost:{PORT}".encode()


@pytest.mark.parametrize("accept", [*BROWSERS, *PROGRAMS])
def test_pages_are_for_those_who_want_them_more(accept: str) -> None:
    assert prefers_page(accept) == (accept in BROWSERS)


RANGES = st.tuples(
    st.sampled_from(["text/html", "text/*", "*/*", "application/json", "application/*", "a/b"]),
    st.integers(0, 1000),
)


@given(st.lists(RANGES, max_size=8))
def test_the_most_specific_range_says_how_much_something_is_wanted(
    ranges: list[tuple[str, int]],
) -> None:
    def wanted(*names: str) -> int:
        of = {name: max(q for one, q in ranges if one == name) for name, _ in ranges}
        return next((of[name] for name in names if name in of), 0)

    html = wanted("text/html", "text/*", "*/*")
    documents = max(
        wanted("application/json", "application/*", "*/*"), wanted("application/*", "*/*")
    )
    accept = ", ".join(f"{name} ; q={q / 1000:.3f}" for name, q in ranges)
    assert prefers_page(accept) == (html > documents)


@given(st.text(max_size=200))
@settings(max_examples=50)
def test_whatever_stands_there_is_read(accept: str) -> None:
    prefers_page(accept)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """An application whose handlers run, of a node that does not."""
    return Client(make_node(tmp_path_factory.mktemp("negotiation") / "node"))


def is_right(answer: Answer, accept: str) -> None:
    """The kind that was wanted, whole, and telling caches what it hangs on."""
    headers = dict(answer.headers)
    assert b"accept" in headers[b"vary"].lower()
    if accept in BROWSERS:
        assert headers[b"content-type"] == b"text/html; charset=utf-8"
        assert answer.body.startswith(b"<!doctype html>")
        assert b"<h1>" in answer.body
    else:
        assert headers[b"content-type"] == b"application/problem+json"
        assert json.loads(answer.body)["code"]


@pytest.mark.parametrize(
    "accept", [*BROWSERS[:2], "", "*/*", "application/problem+json, text/html"]
)
async def test_every_refusal_of_every_route_is_of_the_kind_that_was_asked_for(
    client: Client, accept: str
) -> None:
    asks = (b"accept", accept.encode())
    page = [(b"host", HOME), (b"cookie", client.cookie("")), (b"origin", b"http://" + HOME)]
    wrong: list[Headers] = [
        [(b"host", HOME), asks],
        [(b"host", b"evil.example"), asks],
        [(b"host", f"nobody.localhost:{PORT}".encode()), asks],
        [*page, (b"origin", b"https://evil.example"), asks],
        [(b"host", HOME), (b"authorization", b"Bearer wrong"), asks],
        [*page, (b"content-length", b"300000"), asks],
    ]
    seen = set()
    paths = {(sample(row.path), row.method) for row in rows_of(client)}
    for path, method in sorted(paths | {("/nothing", "GET"), ("/api/nothing", "GET")}):
        for headers in wrong:
            answer = await client.call(
                path.encode(), headers, method="POST" if method == "ANY" else method
            )
            assert answer.status >= 400, (path, headers)
            is_right(answer, accept)
            seen.add(answer.status)
        if method == "POST":
            answer = await client.call(path.encode(), [*page, asks], method="POST")
            if answer.status >= 400:
                is_right(answer, accept)
            answer = await client.call(path.encode(), [*page, asks], method="DELETE")
            is_right(answer, accept)
            seen.add(answer.status)
    assert seen >= {401, 403, 404, 405, 413, 421}


@pytest.mark.parametrize("accept", [*BROWSERS, *PROGRAMS])
async def test_the_status_is_a_page_for_people(client: Client, accept: str) -> None:
    headers = [(b"host", HOME), (b"cookie", client.cookie("")), (b"accept", accept.encode())]
    answer = await client.call(b"/api/status", [*headers, (b"sec-fetch-site", b"none")])
    assert answer.status == 200
    if accept in BROWSERS:
        assert b"Status of your node" in answer.body
    else:
        assert json.loads(answer.body)["version"]


@pytest.mark.parametrize("accept", [*BROWSERS, *PROGRAMS])
def test_what_never_reaches_the_application_is_answered_in_kind(accept: str) -> None:
    head = f"GET / HTTP/1.1\r\nHost: x\r\nACCEPT: {accept}\r\nX: y\r\n".encode()
    answer = refusal(Problem(431, "too_much", "<b>"), head + b"C: " + b"x" * MAX_HEAD)
    assert (b"text/html" in answer) == (b"&lt;b&gt;" in answer) == prefers_page(accept)


async def test_a_handshake_of_a_websocket_is_refused_with_a_document(client: Client) -> None:
    headers = [(b"host", HOME), (b"accept", BROWSERS[0].encode())]
    answer = await client.call(b"/api/realtime/connect", headers, socket=True)
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "no_credential")


async def test_words_of_others_are_text_in_a_page(client: Client) -> None:
    host = f"<script>.localhost:{PORT}".encode()
    headers = [(b"host", host), (b"accept", b"text/html")]
    answer = await client.call(b"/", headers)
    assert answer.status == 421
    assert b"<script" not in answer.body
    assert b"has no template" in answer.body
    assert f'href="http://home.localhost:{PORT}/"'.encode() in answer.body


def test_what_is_not_there_has_a_page() -> None:
    body, kind = Problem(404, "not_found", "there is nothing at this address").represented(
        BROWSERS[0]
    )
    assert kind == "text/html; charset=utf-8"
    assert b"Nothing here" in body
    assert b"There is nothing at this address. Perhaps" in body
