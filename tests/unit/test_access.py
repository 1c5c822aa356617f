# SPDX-License-Identifier: MIT
"""Every route × who calls × how its path is spelled × HTTP and WebSocket, against the table.

The table is the one in SECURITY.md. Handlers are replaced by one that notes that it ran, so
that "nothing was executed" is seen, and not taken from a status.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from dataclasses import dataclass
from typing import Any

import pytest
from litestar import Litestar, get

from goop_node import types
from goop_node.access import NOBODY, Access, Row, may_call, table
from goop_node.types import Caller, Route
from goop_node.web import home_api
from goop_node.web.app import create_app
from tests.unit.in_process import Client, Headers
from tests.unit.spellings import PORT, elsewhere, misspelled
from tests.unit.test_layers import ROOT


def documented() -> dict[str, dict[str, bool]]:
    """The table of SECURITY.md: who may call each ``METHOD PATH``, by column."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| (address|`(GET|POST|ANY) /api/)", line)
    ]
    columns = rows[0][1:]
    assert columns == [
        "home",
        "its plugin's templates",
        "other templates",
        "shared origin",
        "programs",
    ]
    found = {}
    for cells in rows[1:]:
        assert set(cells[1:]) <= {"yes", "no"}, cells
        found[cells[0].strip("`")] = dict(
            zip(columns, (cell == "yes" for cell in cells[1:]), strict=True)
        )
    return found


def sample(path: str) -> str:
    """A path of that template."""
    return path.replace("{game}", "rt-0123456789abcdef").replace("{name}", "x.js")


def rows_of(client: Client) -> list[Row]:
    """The routes that are not public."""
    return [row for row in table(client.app._app) if not row.access.public]


DEV = b"http://localhost:5173"


@dataclass(frozen=True)
class Who:
    """Somebody who calls. ``column`` is that of the table; ``""``: nobody with a right to."""

    words: str
    client: Client
    column: str
    host: str = "home.localhost"
    cookie: bytes | None = None
    token: bytes | None = None
    origin: bytes | None = None

    def headers(self) -> Headers:
        """As such a caller sends them; pages name their Origin."""
        host = f"{self.host}:{PORT}".encode()
        found = [(b"host", host)]
        if self.token is not None:
            found.append((b"authorization", self.token))
        if self.cookie is not None:
            found += [(b"cookie", self.cookie), (b"origin", self.origin or b"http://" + host)]
        return found


def callers(apart: Client, shared: Client) -> list[Who]:
    """Every kind of caller, and those who would like to be one."""
    token = b"Bearer " + apart.node.tokens.bearer.encode()
    home, chess = apart.cookie(""), apart.cookie("chess")
    found = [
        Who("nobody", apart, ""),
        Who("nobody, at a template's", apart, "", "chess.localhost"),
        Who("a cookie made up", apart, "", cookie=home[:-1] + b"!"),
        Who("a wrong token", apart, "", token=token[:-1]),
        Who("an empty token", apart, "", token=b"Bearer "),
        Who("a wrong token and home's cookie", apart, "", token=b"Bearer x", cookie=home),
        Who("home's cookie at a template's", apart, "", "chess.localhost", cookie=home),
        Who("a template's cookie at home", apart, "", cookie=chess),
        Who("home", apart, "home", cookie=home),
        Who("a program", apart, "programs", "127.0.0.1", token=token),
        Who("home's cookie at a plain name", apart, "", "localhost", cookie=home),
        Who("home's cookie at the number", apart, "", "127.0.0.1", cookie=home),
        Who(
            "a page where all share one origin",
            shared,
            "shared origin",
            "localhost",
            cookie=shared.cookie(""),
        ),
        Who("home's cookie at an author's server", apart, "shared origin", cookie=home, origin=DEV),
    ]
    return found + [
        Who(name, apart, f"template {name}", f"{name}.localhost", cookie=apart.cookie(name))
        for name in apart.node.templates
    ]


def allowed(columns: dict[str, bool], who: str, own: frozenset[str]) -> bool:
    """Whether the table of SECURITY.md lets in who comes as ``who``."""
    if who.startswith("template "):
        is_own = who.removeprefix("template ") in own
        return columns["its plugin's templates" if is_own else "other templates"]
    return bool(who) and columns[who]


def test_the_documented_table_names_every_route(clients: tuple[Client, Client]) -> None:
    for client in clients:
        assert {f"{row.method} {row.path}" for row in rows_of(client)} == set(documented())
    public = {row.path for row in table(clients[0].app._app) if row.access.public}
    assert public == {"/", "/{path}", "/sdk/{name}"}


def method_of(row: Row) -> str:
    """The method to ask with: a raw application takes any."""
    return "GET" if row.method == "ANY" else row.method


def test_each_caller_at_each_route_by_its_right_name(clients: tuple[Client, Client]) -> None:
    told, wrong = documented(), []

    async def check(who: Who, row: Row, socket: bool) -> None:
        raw = sample(row.path).encode()
        answer = await who.client.call(raw, who.headers(), method=method_of(row), socket=socket)
        served = row.method == "ANY" or not socket
        may = served and allowed(told[f"{row.method} {row.path}"], who.column, row.access.own)
        refusals = (401, 403) if served else (404,)
        right = answer.ran == [row.path] if may else answer.status in refusals
        if not right or bool(answer.ran) != may:
            wrong.append(f"{who.words}, {row.method} {row.path}, socket={socket}: {answer}")

    async def every() -> None:
        for row, who in itertools.product(rows_of(clients[0]), callers(*clients)):
            await check(who, row, socket=False)
            await check(who, row, socket=True)

    asyncio.run(every())
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:10])


def test_no_other_spelling_leads_anywhere(clients: tuple[Client, Client]) -> None:
    told, rows, wrong = documented(), rows_of(clients[0]), []
    own = {row.path: row.access.own for row in rows}
    mighty = [who for who in callers(*clients) if who.column or who.words == "nobody"]

    def may(who: Who, method: str, template: str) -> bool:
        columns = told.get(f"{method} {template}") or told.get(f"ANY {template}")
        return columns is None or allowed(columns, who.column, own[template])

    async def check(who: Who, row: Row, socket: bool) -> None:
        path, method = sample(row.path), method_of(row)
        for raw in misspelled(path):
            answer = await who.client.call(raw, who.headers(), method=method, socket=socket)
            if answer.ran or answer.status != 404:
                wrong.append(f"{who.words}: {method} {raw!r}, socket={socket}: {answer}")
        for raw in elsewhere(path):
            answer = await who.client.call(raw, who.headers(), method=method, socket=socket)
            if not all(may(who, method, ran) for ran in answer.ran):
                wrong.append(f"{who.words}: {method} {raw!r}, socket={socket}: {answer}")

    async def every() -> None:
        for row, who in itertools.product(rows, mighty):
            await check(who, row, socket=False)
            await check(who, row, socket=row.method == "ANY" or who.column == "programs")

    asyncio.run(every())
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:10])


def test_there_are_spellings_enough(clients: tuple[Client, Client]) -> None:
    for row in rows_of(clients[0]):
        assert len(set(misspelled(sample(row.path)))) > 60


def test_an_unknown_kind_of_caller_gets_nothing() -> None:
    every = Access(callers=frozenset(types.Who), own=frozenset({"chess"}))
    assert not may_call(Caller(kind="site", name="chess"), every)  # type: ignore[arg-type]
    for kind in ("home", "template", "program"):
        assert may_call(Caller(kind=kind), every)
        assert not may_call(Caller(kind=kind), NOBODY)


def test_a_route_of_the_host_that_names_no_callers_is_not_built(
    clients: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    @get("/news", sync_to_thread=False)
    def news() -> str:
        return ""

    monkeypatch.setattr(home_api, "routes", lambda *_: [Route(handlers=[news])])
    with pytest.raises(RuntimeError, match="name their callers"):
        create_app(clients[0].node)


def test_a_handler_without_a_declaration_is_not_built() -> None:
    @get("/news", sync_to_thread=False)
    def news() -> str:
        return ""

    with pytest.raises(RuntimeError, match="/news: nothing says who may call"):
        table(Litestar([news], openapi_config=None))


@pytest.mark.parametrize("callers", [(), "home", ["home"], [None], {1}])
def test_callers_are_some_of_the_vocabulary(callers: Any) -> None:
    with pytest.raises(TypeError, match=r"Route\.callers: found"):
        Route(handlers=[], callers=callers)
