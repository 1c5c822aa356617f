# SPDX-License-Identifier: MIT
"""Files of templates: no path leads out, none is read in the loop, parts of them by RFC 9110."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from goop_node.problems import EXCEPTION_HANDLERS
from goop_node.types import Template
from goop_node.web import files, pages
from goop_node.web.files import find
from goop_node.web.origins import Origins
from goop_node.web.ranges import Part, Unsatisfiable, is_known, part_of

SIZE = 3 * files.CHUNK + 17


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template's folder, with much in it that is nobody's business."""
    folder = tmp_path / "board"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("index.html", "page.html", "sub/index.html", "sub/a b.js", ".env", ".git/config"):
        (folder / name).write_text(name)
    (folder / "large.bin").write_bytes(os.urandom(SIZE))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("key")
    (tmp_path / "board.html").write_text("beside")
    os.mkfifo(folder / "pipe")
    (folder / "out").symlink_to(tmp_path / "secret" / "key")
    (folder / "outside").symlink_to(tmp_path / "secret")
    (folder / "hidden").symlink_to(folder / ".env")
    (folder / "ring").symlink_to(folder / "ring")
    (folder / "same").symlink_to(folder / "page.html")
    (folder / "dead").symlink_to(folder / "nothing")
    (folder / "null").symlink_to("/dev/zero")
    return folder


PUBLIC = {"index.html", "page.html", "sub/index.html", "sub/a b.js", "large.bin"}
NAMES = [
    *("index.html", "index", "page", "page.html", "sub", "deep", "a b.js", "large.bin", "same"),
    *("pipe", "out", "outside", "key", "hidden", "ring", "dead", "null", ".env", ".git", "config"),
    *(
        "..",
        ".",
        "",
        "secret",
        "board",
        "board.html",
        "x" * 5000,
        "\0",
        "\\",
        "..\\",
        "C:",
        "\udcff",
    ),
]


@given(st.lists(st.sampled_from(NAMES) | st.text(max_size=3), max_size=6))
def test_no_path_leads_out(tree: Path, parts: list[str]) -> None:
    found = find(tree, "/".join(parts))
    if found is not None:
        assert found.file.relative_to(tree.resolve()).as_posix() in PUBLIC


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder.__wrapped__(tmp_path_factory.mktemp("tree"))  # type: ignore[attr-defined]


def test_what_a_path_stands_for(folder: Path) -> None:
    def name(path: str) -> str | None:
        found = find(folder, path)
        return found and found.file.relative_to(folder.resolve()).as_posix()

    assert name("/") == "index.html"
    assert name("/page") == name("/same") == "page.html"
    assert name("/sub") == name("/sub/") == "sub/index.html"
    assert name("/sub/deep") is None
    for path in ("/pipe", "/out", "/outside/key", "/hidden", "/ring", "/null", "/.env"):
        assert name(path) is None


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the pages of the template board, or of home, by the header ``owner``."""
    templates = {"board": Template(name="board", title="Board", folder=folder)}
    origins = Origins(port=80, templates=("board",))
    app = Litestar(
        pages.routes(templates, {}, {}, origins),
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )

    async def owned(scope: Any, receive: Any, send: Any) -> None:
        scope["goop_template"] = dict(scope["headers"]).get(b"owner", b"board").decode()
        await app(scope, receive, send)

    transport = httpx.ASGITransport(owned)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_a_file_comes_whole_in_part_or_not_again(
    client: httpx.AsyncClient, folder: Path
) -> None:
    content = (folder / "large.bin").read_bytes()
    whole = await client.get("/large.bin")
    assert (whole.status_code, whole.content) == (200, content)
    tag = whole.headers["etag"]
    known = await client.get("/large.bin", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (known.status_code, known.content) == (304, b"")
    head = await client.head("/large.bin")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(SIZE)
    part = await client.get("/large.bin", headers={"Range": f"bytes={SIZE - 5}-"})
    assert (part.status_code, part.content) == (206, content[-5:])
    assert part.headers["content-range"] == f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}"
    behind = await client.get("/large.bin", headers={"Range": f"bytes={SIZE}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{SIZE}")
    for condition, status in ((tag, 206), ('"other"', 200)):
        headers = {"Range": "bytes=0-0", "If-Range": condition}
        assert (await client.get("/large.bin", headers=headers)).status_code == status
    (folder / "large.bin").write_bytes(content[::-1])
    assert (await client.get("/large.bin", headers={"If-None-Match": tag})).status_code == 200


async def test_files_are_read_in_threads_and_closed(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_thread, seen, opened = threading.get_ident(), set(), []

    class Watched(FileIO):
        def __init__(self, number: int) -> None:
            super().__init__(number)
            seen.add(threading.get_ident())
            opened.append(self)

        def read(self, size: int | None = -1, /) -> Any:
            assert size is not None
            assert 0 < size <= files.CHUNK
            seen.add(threading.get_ident())
            return super().read(size)

    monkeypatch.setattr(files, "FileIO", Watched)
    await client.get("/large.bin")
    await client.get("/")
    await client.get("/large.bin", headers={"Range": "bytes=99999999-"})
    assert len(opened) == 3
    assert loop_thread not in seen
    assert all(file.closed for file in opened)


async def test_a_file_that_shrinks_is_cut_with_a_word_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened = files.open_file(folder / "large.bin")
    assert opened is not None
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        (folder / "large.bin").write_bytes(b"short")

    async def receive() -> Any:
        await asyncio.Event().wait()

    answer = files._Stream(opened, 200, {}, Part(0, SIZE))
    await answer({}, receive, send)
    assert all(message.get("more_body", True) for message in sent)
    assert "became shorter" in caplog.text


async def test_a_client_that_goes_ends_the_reading(folder: Path) -> None:
    opened = files.open_file(folder / "large.bin")
    assert opened is not None
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await files._Stream(opened, 200, {}, Part(0, SIZE))({}, receive, send)
    assert len(sent) < 4
    assert opened.file.closed


async def test_folders_redirect_so_that_relative_links_hold(
    client: httpx.AsyncClient, folder: Path
) -> None:
    answer = await client.get("/sub?a=1&b=%20")
    assert (answer.status_code, answer.headers["location"]) == (307, "/sub/?a=1&b=%20")
    assert (await client.get("/sub/")).text == "sub/index.html"
    assert (await client.get("/sub/index.html")).status_code == 200
    (folder / "ä b?").mkdir()
    (folder / "ä b?" / "index.html").write_text("odd")
    answer = await client.get("/%C3%A4%20b%3F")
    assert answer.headers["location"] == "/%C3%A4%20b%3F/"
    answer = await client.get("/board/x%0d%0aX-Y: z?q", headers={"owner": ""})
    assert answer.headers["location"] == "http://board.localhost:80/x%0D%0AX-Y%3A%20z?q"


async def test_there_is_always_an_icon(client: httpx.AsyncClient, folder: Path) -> None:
    for owner in ("board", ""):
        answer = await client.get("/favicon.ico", headers={"owner": owner})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    (folder / "favicon.ico").write_bytes(b"own")
    assert (await client.get("/favicon.ico")).content == b"own"


async def test_what_is_not_there_is_said_to_people_and_programs(client: httpx.AsyncClient) -> None:
    page = await client.get("/none", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing here" in page.text
    for needed in ("/sdk/goop-page.css", "/favicon.ico"):
        assert needed in page.text
        assert (await client.get(needed)).status_code == 200
    assert (await client.get("/pipe")).json()["code"] == "not_found"


def test_a_pipe_in_a_files_place_blocks_nobody(folder: Path) -> None:
    assert files.open_file(folder / "pipe") is None


sizes = st.integers(0, 10**6)


@given(sizes, sizes, sizes)
def test_ranges_are_the_bytes_they_name(size: int, first: int, last: int) -> None:
    def bytes_of(wanted: str) -> range | None:
        try:
            part = part_of(size, wanted, None, '"t"')
        except Unsatisfiable:
            return range(0)
        return None if part is None else range(part.start, part.stop)

    assert bytes_of(f"bytes={first}-") == range(min(first, size), size) or first >= size
    assert (bytes_of(f"bytes={first}-") == range(0)) == (first >= size)
    assert bytes_of(f"bytes=-{last}") == range(max(0, size - last), size)
    if first > last:
        assert bytes_of(f"bytes={first}-{last}") is None
    else:
        assert bytes_of(f"bytes={first}-{last}") == range(first, min(last + 1, size)) or (
            first >= size
        )


@given(st.text(max_size=30) | st.text("bytes=-0123456789, ", max_size=40), sizes)
def test_any_range_is_a_part_of_the_file_or_none(wanted: str, size: int) -> None:
    try:
        part = part_of(size, wanted, None, '"t"')
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size


def test_tags_are_compared_as_a_list() -> None:
    assert is_known('"a"', '"b", W/"a"')
    assert is_known('"a"', " * ")
    assert not is_known('"a"', None)
    assert not is_known('"a"', '"b"')


@pytest.mark.parametrize("name", ["goop.toml", "GOOP.TOML", "deep/goop.toml", "link"])
def test_what_the_node_is_told_is_served_to_nobody(tmp_path: Path, name: str) -> None:
    """An author may keep it beside the pages."""
    (tmp_path / "deep").mkdir()
    for path in ("goop.toml", "GOOP.TOML", "deep/goop.toml"):
        (tmp_path / path).write_text("[node]", encoding="ascii")
    (tmp_path / "link").symlink_to(tmp_path / "goop.toml")
    (tmp_path / "goop.toml.html").write_text("x", encoding="ascii")
    assert find(tmp_path, f"/{name}") is None
    assert find(tmp_path, "/goop.toml.html") is not None
