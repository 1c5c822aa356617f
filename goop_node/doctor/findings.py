# SPDX-License-Identifier: MIT
"""What a look at something comes to. Packages bring looks of their own by entry points of the group
``goop_node.doctor``: each is a ``Look``, and its name is what ``goop doctor`` calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from goop_node.commands import NodeClient

GROUP = "goop_node.doctor"
Level = Literal["ok", "note", "wrong"]
"""``note``: it works, within limits that the person should know. ``wrong``: it does not work."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence about ``what``, and with ``do`` another on what to do about it."""

    what: str
    level: Level
    words: str
    do: str = ""


Look = Callable[[NodeClient], Iterable[Finding]]
"""Looks at the running node; raises ``StartError`` where it refuses or does not answer."""


def ok(what: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(what=what, level="ok", words=words)


def note(what: str, words: str, do: str = "") -> Finding:
    """It works, within limits."""
    return Finding(what=what, level="note", words=words, do=do)


def wrong(what: str, words: str, do: str = "") -> Finding:
    """It does not work."""
    return Finding(what=what, level="wrong", words=words, do=do)
