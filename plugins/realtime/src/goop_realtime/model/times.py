# SPDX-License-Identifier: MIT
"""Times at which something is due, where there may be none."""

from __future__ import annotations


def sooner(one: int | None, other: int | None) -> int | None:
    """The earlier of the two; ``None`` where neither is."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
