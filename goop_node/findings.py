# SPDX-License-Identifier: MIT
"""What a look at something comes to, in ``goop doctor`` and ``goop check``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "note", "ok", "wrong"]

Level = Literal["ok", "note", "wrong"]
"""``note``: it works, within limits that the person should know. ``wrong``: it does not work."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence about ``what``, in ``words``, and with ``do`` another on what to do about it.

    ``level`` says how bad it is: ``ok``; ``note``: it works, within limits; ``wrong``: it does not.
    ``place`` is the line of somebody's code that it is about, as ``FILE:LINE``.
    """

    what: str
    level: Level
    words: str
    do: str = ""
    place: str = ""


def ok(what: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(what=what, level="ok", words=words)


def note(what: str, words: str, do: str = "", place: str = "") -> Finding:
    """It works, within limits."""
    return Finding(what=what, level="note", words=words, do=do, place=place)


def wrong(what: str, words: str, do: str = "", place: str = "") -> Finding:
    """It does not work."""
    return Finding(what=what, level="wrong", words=words, do=do, place=place)
