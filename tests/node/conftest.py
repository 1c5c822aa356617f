# SPDX-License-Identifier: MIT
"""Two real nodes that have discovered each other, shared by the tests of a module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from goop_node.testing import NodeProcess, start_node
from tests.node.page import Page, wait_until_discovered

Pair = tuple[NodeProcess, NodeProcess]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Alice and Bob."""
    folder: Path = tmp_path_factory.mktemp("pair")
    alice = start_node(folder / "alice")
    try:
        bob = start_node(folder / "bob", peer=alice)
        try:
            asyncio.run(wait_until_discovered(alice, bob))
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


@asynccontextmanager
async def pages(pair: Pair) -> AsyncIterator[tuple[Page, Page]]:
    """A page on each node."""
    async with Page.open(pair[0]) as a, Page.open(pair[1]) as b:
        yield a, b
