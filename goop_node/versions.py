# SPDX-License-Identifier: MIT
"""Versions that say what goes together: of hooks, of contexts."""

from __future__ import annotations

import re
from typing import NamedTuple

VERSION = r"^(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,2}\Z"
"""``MAJOR``, ``MAJOR.MINOR`` or ``MAJOR.MINOR.PATCH``, as a pattern."""
A_VERSION = 'MAJOR.MINOR, such as "1.0"'
_PATTERN = re.compile(VERSION)


class Version(NamedTuple):
    """``MAJOR.MINOR``: another major means something else, a greater minor adds to it.

    What is behind the minor changes nothing that anybody has to know of.
    """

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def serves(self, wanted: Version) -> bool:
        """Whether who was written for ``wanted`` finds all of it in this one."""
        return self.major == wanted.major and self.minor >= wanted.minor


def version_of(text: object) -> Version | None:
    """The version that a text says; ``None`` where it says none."""
    if not isinstance(text, str) or _PATTERN.match(text) is None:
        return None
    major, minor, *_ = (*map(int, text.split(".")), 0)
    return Version(major, minor)
