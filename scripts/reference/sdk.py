# SPDX-License-Identifier: MIT
"""The page of the SDK's names, from its ``.d.ts`` files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.reference.markdown import MADE, prose, table

JS = Path(__file__).resolve().parents[2] / "js"
FILES = ("goop.d.ts", "goop-realtime.d.ts", "goop-rooms.d.ts", "goop-call.d.ts")
_COMMENT = re.compile(r"/\*\*\s?(.*?)\*/", re.DOTALL)
_DECLARED = re.compile(r"^(?:declare )?(?:interface|type|class|var) (\w+)", re.MULTILINE)
_MEMBER = re.compile(r"^  (?:readonly )?(\w+)(\??)(?:<[^(]*>)?(?=[(:])")


class Member(NamedTuple):
    """A name in an interface: how it is declared, and what is said of it."""

    name: str
    declared: str
    said: str


def sdk_page() -> str:
    """The page."""
    parts = [
        "# Names of the page SDK\n",
        f"{MADE}\n",
        "How they go together is in [the page SDK](../js/README.md). The files are served below "
        "`/sdk/`, and say the same to TypeScript.\n",
    ]
    for file in FILES:
        parts.append(f"## `{file}`\n")
        text = (JS / file).read_text(encoding="utf-8")
        for name, said, body in declarations(text):
            parts.append(f"### `{name}`\n")
            if said:
                parts.append(f"{prose(said, name)}\n")
            rows = [(f"`{one.declared}`", one.said) for one in members(body)]
            if any(said for _, said in rows):
                parts.append(table(("", ""), rows))
            elif rows:
                parts.append("".join(f"- {declared}\n" for declared, _ in rows))
            elif not said:
                parts.append(f"`{' '.join(body.split())}`\n")
    return "\n".join(parts)


def declarations(text: str) -> Iterator[tuple[str, str, str]]:
    """Each declaration: its name, the comment before it, and its own text."""
    found = list(_DECLARED.finditer(text))
    for one, after in zip(found, [*found[1:], None], strict=True):
        end = after.start() if after else len(text)
        body = text[one.start() : end]
        # The comment of what comes next stands behind this one's end.
        body = re.split(r"^/\*\*", body, maxsplit=1, flags=re.MULTILINE)[0].strip()
        before = text[: one.start()].rstrip()
        comments = list(_COMMENT.finditer(before))
        said = comments[-1][1] if comments and comments[-1].end() == len(before) else ""
        yield one[1], _unstarred(said), body


def members(body: str) -> Iterator[Member]:
    """The members of an interface, one for each overload."""
    said, lines = "", body.splitlines()[1:]
    text = "\n".join(lines)
    place = 0
    while place < len(text):
        rest = text[place:]
        comment = re.match(r"\s*/\*\*\s?(.*?)\*/[ \t]*\n?", rest, re.DOTALL)
        if comment:
            said = _unstarred(comment[1])
            place += comment.end()
            continue
        end = _end(rest)
        declared = rest[:end]
        found = _MEMBER.match(declared.lstrip("\n"))
        if found:
            line = " ".join(declared.split()).rstrip(";")
            yield Member(found[1], line, prose(said, found[1]) if said else "")
        said = ""
        place += max(end, 1)


def _end(text: str) -> int:
    """Where the declaration that ``text`` begins with ends: its ``;`` outside of all brackets."""
    depth = 0
    for index, sign in enumerate(text):
        if sign in "({[":
            depth += 1
        elif sign in ")}]":
            depth -= 1
        elif sign == ";" and depth <= 0:
            return index + 1
    return len(text)


def _unstarred(text: str) -> str:
    return re.sub(r"^[ \t]*\* ?", "", text, flags=re.MULTILINE).strip()
