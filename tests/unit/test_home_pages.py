# SPDX-License-Identifier: MIT
"""Pages that plugins add to home: where they are, who finds them, and which are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.types import HomePage
from tests.unit.in_process import Answer, Client
from tests.unit.spellings import PORT


def candidate(name: str, page: HomePage) -> Candidate:
    """A plugin that brings this."""

    class Brings:
        @hookimpl
        def goop_home_pages(self) -> Any:
            return [page]

    return Candidate(name=name, load=lambda: Brings)


def node_with(folder: Path, *pages: Any) -> Node:
    """A node with plugins that bring these, one each, and a template."""

    (folder / "board").mkdir()
    (folder / "board" / "index.html").write_text("the board", encoding="utf-8")
    candidates = [candidate(f"p{n}", page) for n, page in enumerate(pages)]
    plugins: dict[str, dict[str, Any]] = {one.name: {} for one in candidates}
    templates = (folder / "board",)
    data = folder / "data"
    return Node(
        NodeConfig(data=data, http_port=PORT, plugins=plugins, templates=templates), candidates
    )


def tools(folder: Path, name: str = "tools") -> HomePage:
    """A page with two files."""
    found = folder / "pages"
    (found / "more").mkdir(parents=True, exist_ok=True)
    (found / "index.html").write_text("the tools", encoding="utf-8")
    (found / "more" / "index.html").write_text("more of them", encoding="utf-8")
    return HomePage(name=name, title="Tools", folder=found)


async def get(client: Client, host: str, path: str) -> Answer:
    """What somebody's browser is given there."""
    headers = [(b"host", f"{host}:{PORT}".encode()), (b"sec-fetch-mode", b"navigate")]
    return await client.call(path.encode(), headers)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/home/tools/", 200, b"the tools"),
        ("/home/tools/index.html", 200, b"the tools"),
        ("/home/tools/more/", 200, b"more of them"),
        ("/home/tools/none.js", 404, None),
        ("/home/tools/../../data/tokens.json", 404, None),
        ("/home/nothing/", 404, None),
        ("/home/", 404, None),
    ],
)
async def test_they_are_at_homes_own_origin(
    tmp_path: Path, path: str, status: int, body: bytes | None
) -> None:
    client = Client(node_with(tmp_path, tools(tmp_path)))
    found = await get(client, "home.localhost", path)
    assert found.status == status
    assert body is None or found.body == body
    # A template's origin has its own files alone.
    other = await get(client, "board.localhost", path)
    assert other.status == 404


@pytest.mark.parametrize("path", ["/home/tools", "/home/tools/more"])
async def test_a_folder_leads_to_its_page(tmp_path: Path, path: str) -> None:
    client = Client(node_with(tmp_path, tools(tmp_path)))
    found = await get(client, "home.localhost", path)
    assert (found.status, dict(found.headers)[b"location"]) == (307, f"{path}/".encode())
    led = await get(client, "localhost", path)
    assert led.status == 307
    assert dict(led.headers)[b"location"].startswith(b"http://home.localhost")


@pytest.mark.parametrize("name", ["a b", "../x", "", "A", "x/y", "-", "é"])
def test_a_name_is_a_word(tmp_path: Path, name: str) -> None:
    (status,) = node_with(tmp_path, tools(tmp_path, name)).plugin_status()
    assert status.status == "failed"
    assert "goop_home_pages()" in str(status.error)


def test_one_without_a_page_and_one_whose_name_is_taken_are_left_out(tmp_path: Path) -> None:
    page = tools(tmp_path)
    empty = HomePage(name="empty", title="Empty", folder=tmp_path)
    node = node_with(tmp_path, page, empty, page)
    first, second, third = node.plugin_status()
    assert first.status != "failed"
    assert (second.status, third.status) == ("failed", "failed")
    assert "index.html" in str(second.error)
    assert "already brought by plugin p0" in str(third.error)
    assert set(node.contributions.home_pages) == {"tools"}
