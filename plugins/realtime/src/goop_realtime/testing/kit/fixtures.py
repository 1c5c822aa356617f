# SPDX-License-Identifier: MIT
"""The kit's fixtures, which pytest finds by itself where goop-realtime is installed.

``goop_pair(WHITEBOARD)``, ``goop_swarm(WHITEBOARD, 3)`` and ``goop_node(Whiteboard())`` take what
``pair``, ``swarm`` and ``Visitor`` of this package take, and stop it when the test is over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:  # every run of pytest imports this module
    from goop_realtime.testing.kit.swarm import Swarm
    from goop_realtime.testing.kit.visitor import Visitor


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

    with contextlib.ExitStack() as stack:

        def make(what: object, **options: Any) -> Swarm:
            options.setdefault("folder", _new(tmp_path))
            made = pair(what, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def goop_swarm(tmp_path: Path) -> Iterator[MakesSwarms]:
    """Makes players in a room."""
    from goop_realtime.testing.kit.swarm import swarm

    with contextlib.ExitStack() as stack:

        def make(what: object, n: int, **options: Any) -> Swarm:
            options.setdefault("folder", _new(tmp_path))
            made = swarm(what, n, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def goop_node(tmp_path: Path) -> Iterator[MakesNodes]:
    """Makes a node by itself, for a plugin's endpoints, pages and lifespan."""
    from goop_realtime.testing.kit.visitor import Visitor

    with contextlib.ExitStack() as stack:

        def make(what: object, **options: Any) -> Visitor:
            options.setdefault("folder", _new(tmp_path))
            made = Visitor(what, **options)
            stack.callback(made.close)
            return made

        yield make


def _new(folder: Path) -> Path:
    """A folder of its own in there."""
    return folder / f"kit-{len(list(folder.glob('kit-*')))}"
