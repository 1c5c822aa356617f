# SPDX-License-Identifier: MIT
"""The documents name only files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documents.blocks import blocks_of
from tests.unit.test_layers import ROOT, sources

DOCUMENTS = [
    "ARCHITECTURE.md",
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "js/README.md",
    "benchmarks/README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))),
]
_NAMED = re.compile(
    r"`([\w./*-]+\.(?:py|js|mjs|md|toml|sh|html|css|json|txt|png)|[\w.-]+(?:/[\w.-]+)*/)`"
)
_LINKED = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
MADE_LATER = {
    "goop.toml",
    "ready.json",
    "tokens.json",
    "DATA/ready.json",
    "friends.json",
    "people.json",
    "people.copy.json",
    "manifest.json",
    "openapi.json",
    "logs/NAME.json",
    "ping/index.html",
    "ping/ping.js",
}
"""What a person or a running node makes."""


def missing(text: str, folder: Path, names: list[str]) -> list[str]:
    """The files that ``text`` names or links to and that are nowhere."""
    lost = [link for link in _LINKED.findall(text) if not (folder / link).exists()]
    for name in _NAMED.findall(text):
        inside = re.compile(r"(?:.*/)?" + re.escape(name).replace(r"\*", "[^/]*"))
        if name not in MADE_LATER and not any(inside.fullmatch(path) for path in names):
            lost.append(name)
    return lost


def everything() -> list[str]:
    """Every file and folder of the project, from its root; folders end in ``/``."""
    suffixes = (".py", ".js", ".mjs", ".md", ".toml", ".sh", ".html", ".css", ".json", ".txt")
    files = sources(*suffixes, ".png", "")
    folders = {parent for file in files for parent in file.parents if ROOT in parent.parents}
    paths = [path.relative_to(ROOT).as_posix() for path in files if path.is_file()]
    return paths + [f"{folder.relative_to(ROOT).as_posix()}/" for folder in folders]


def test_the_reader_misses_what_is_gone(tmp_path: Path) -> None:
    text = "`here.py`, `p*.py`, `room/`, `gone.py`, `x*.js`, `yard/`, [a](gone.md), [b](#there)"
    names = ["a/here.py", "pages.py", "a/room/"]
    assert missing(text, tmp_path, names) == ["gone.md", "gone.py", "x*.js", "yard/"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    path = ROOT / document
    written = [block.file for block in blocks_of(path) if block.file]
    text = path.read_text(encoding="utf-8")
    assert missing(text, path.parent, [*everything(), *written]) == []
