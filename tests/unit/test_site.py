# SPDX-License-Identifier: MIT
"""The site of the documents: complete, no link into nothing, nothing loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from tests.unit.test_layers import ROOT

LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "manifest"}
"""Attributes whose address is asked for without a click."""
_IN_STYLES = re.compile(r"""(?:@import\s*|url\(\s*)["']?\s*((?:https?:)?//[^"')\s]+)""")
_IN_SCRIPTS = re.compile(
    r"""(?:\b(?:import|importScripts|fetch|Worker|WebSocket|EventSource|open)\s*\(?|\.(?:src|href)\s*=|from)"""
    r"""\s*["'`]\s*((?:https?:|wss?:)?//[^"'`\s]+)"""
)


class Page(NamedTuple):
    """What an HTML file has in it."""

    ids: set[str]
    links: list[str]
    loads: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page(set(), [], [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            value = value or ""
            if name == "id" or (tag == "a" and name == "name"):
                self.page.ids.add(value)
            elif name == "href" and tag in ("a", "area"):
                self.page.links.append(value)
            elif name == "srcset":
                self.page.loads.extend(part.split()[0] for part in value.split(",") if part.strip())
            elif name in LOADING or name.endswith("href"):
                self.page.loads.append(value)
            elif name == "style":
                self.page.loads.extend(_IN_STYLES.findall(value))
            elif name == "content" and "url=" in value:
                self.page.loads.append(value.partition("url=")[2])

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.page.loads.extend(_IN_STYLES.findall(data))
        elif self.cdata_elem == "script":
            self.page.loads.extend(_IN_SCRIPTS.findall(data))


def page_of(text: str) -> Page:
    """What ``text``, a page in HTML, has in it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


def is_foreign(address: str) -> bool:
    """Whether an address leads out of the site it stands in."""
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def foreign(folder: Path) -> list[str]:
    """What the files of ``folder`` would load from elsewhere."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".html", ".css", ".js", ".svg"):
            continue
        text = file.read_text(encoding="utf-8")
        if file.suffix in (".html", ".svg"):
            loads = page_of(text).loads
        else:
            loads = (_IN_STYLES if file.suffix == ".css" else _IN_SCRIPTS).findall(text)
        name = file.relative_to(folder).as_posix()
        found += [f"{name}: {address}" for address in loads if is_foreign(address)]
    return found


def lost(folder: Path) -> list[str]:
    """Links and files that the pages of ``folder`` name and that are nowhere in it."""
    pages = {file: page_of(file.read_text(encoding="utf-8")) for file in folder.rglob("*.html")}
    found = []
    for file, page in sorted(pages.items()):
        base = file.as_uri()
        for address in [*page.links, *page.loads]:
            if is_foreign(address) or address.startswith("data:"):
                continue
            parts = urlsplit(urljoin(base, address))
            target = Path(unquote(parts.path))
            ids = pages[target].ids if target in pages else set()
            there = target.is_file() and (
                not parts.fragment or target not in pages or unquote(parts.fragment) in ids
            )
            if not there:
                found.append(f"{file.relative_to(folder).as_posix()}: {address}")
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make docs`` builds it; a warning of the generator is an error."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--fresh-env", "-c", "docs"]
    command = [sys.executable, "-m", "sphinx", *options, ".", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return folder


def test_the_site_has_every_document(site: Path) -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("plugins/*/*.md")]
    missing = [
        name
        for path in documents
        if not (site / (name := path.relative_to(ROOT).with_suffix(".html").as_posix())).is_file()
    ]
    assert missing == []


def test_the_first_page_lists_what_the_sidebar_has(site: Path) -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]+)\.md\)", text))
    in_sidebar = {
        re.sub(r".*<(.*)>", r"\1", line)
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    assert linked == in_sidebar


def test_no_link_leads_into_nothing(site: Path) -> None:
    assert lost(site) == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    assert foreign(site) == []


def test_what_is_lost_or_foreign_is_seen(tmp_path: Path) -> None:
    (tmp_path / "there.html").write_text('<p id="here"><a href="https://example.org/">x</a>')
    (tmp_path / "page.html").write_text(
        '<link rel="stylesheet" href="https://a.example/x.css"><script src="//b.example/x.js">'
        "</script><style>@import 'https://c.example/x.css';</style>"
        "<script>import('https://d.example/x.js')</script>"
        '<p style="background: url(//e.example/)">'
        '<img srcset="https://f.example/x.png 2x">'
        '<svg><use xlink:href="http://g.example/x.svg#y"/></svg>'
        '<a href="there.html#here">a</a><a href="there.html#gone">b</a><a href="gone.html">c</a>'
        '<meta http-equiv="refresh" content="0; url=https://h.example/">'
    )
    (tmp_path / "x.css").write_text("a { background: url('https://i.example/x.png') }")
    (tmp_path / "x.js").write_text(
        'fetch("https://j.example/"); const xmlns = "http://www.w3.org/";'
    )
    assert {line.split("//")[1][0] for line in foreign(tmp_path)} == set("abcdefghij")
    assert lost(tmp_path) == ["page.html: there.html#gone", "page.html: gone.html"]
