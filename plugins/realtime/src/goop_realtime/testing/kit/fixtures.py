# SPDX-License-Identifier: MIT
"""The kit's fixtures, which pytest finds by itself where goop-realtime is installed.

``goop_pair(WHITEBOARD)``, ``goop_swarm(WHITEBOARD, 3)`` and ``goop_node(Whiteboard())`` take what
``pair``, ``swarm`` and ``Visitor`` of this package take, and stop it when the test is over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:  # every run of pytest imports this module
    from goop_realtime.testing.kit.swarm import Swarm
    from goop_realtime.testing.kit.visitor import Visitor

__all__ = [
    "MakesNodes",
    "MakesPairs",
    "MakesSwarms",
    "goop_node",
    "goop_pair",
    "goop_swarm",
]


class MakesPairs(Protocol):
    """See ``pair``."""

    def __call__(self, what: object, **options: Any) -> Swarm: ...


class MakesSwarms(Protocol):
    """See ``swarm``."""

    def __call__(self, what: object, n: int, **options: Any) -> Swarm: ...


class MakesNodes(Protocol):
    """See ``Visitor``."""

    def __call__(self, what: object, **options: Any) -> Visitor: ...


@pytest.fixture
def goop_pair(tmp_path: Path) -> Iterator[MakesPairs]:
    """Makes two players with an open channel."""
    from goop_realtime.testing.kit.swarm import pair

    yield from _stopping(tmp_path, pair)


@pytest.fixture
def goop_swarm(tmp_path: Path) -> Iterator[MakesSwarms]:
    """Makes players in a room."""
    from goop_realtime.testing.kit.swarm import swarm

    yield from _stopping(tmp_path, swarm)


@pytest.fixture
def goop_node(tmp_path: Path) -> Iterator[MakesNodes]:
    """Makes a node by itself, for a plugin's endpoints, pages and lifespan."""
    from goop_realtime.testing.kit.visitor import Visitor

    yield from _stopping(tmp_path, Visitor)


def _stopping(folder: Path, make: Callable[..., Any]) -> Iterator[Any]:
    """What ``make`` makes, each in a folder of its own, and stopped when the test is over."""
    with contextlib.ExitStack() as stack:

        def made(what: object, *more: Any, **options: Any) -> Any:
            own = folder / f"kit-{len(list(folder.glob('kit-*')))}"
            one = make(what, *more, **{"folder": own, **options})
            stack.callback(one.close)
            return one

        yield made
