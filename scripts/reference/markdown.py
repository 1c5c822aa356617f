# SPDX-License-Identifier: MIT
"""Text of docstrings and help as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

MADE = "This page is made of what the code says of itself (`python -m scripts.reference`)."
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


class UndocumentedError(Exception):
    """Something says nothing of itself."""


def prose(text: str | None, what: str) -> str:
    """A docstring in Markdown, each paragraph on one line. ``what`` has it."""
    if not text or not text.strip():
        raise UndocumentedError(f"{what} says nothing of itself")
    text = _ROLE.sub(r"`\1`", inspect.cleandoc(text)).replace("``", "`")
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(_plain(" ".join(one.split())) for one in paragraphs)


def _plain(text: str) -> str:
    """With what would be markup outside of code as it stands."""
    pieces, end = [], 0
    for code in _CODE.finditer(text):
        pieces += [re.sub(r"([<>])", r"\\\1", text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*pieces, re.sub(r"([<>])", r"\\\1", text[end:])])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are on one line each."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
