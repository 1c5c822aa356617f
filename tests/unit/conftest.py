# SPDX-License-Identifier: MIT
"""Web applications whose handlers only note that they ran."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.in_process import Client, make_node, note_instead_of_running


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    """One node where each template has its origin, and one where all share one."""
    with pytest.MonkeyPatch.context() as patch:
        note_instead_of_running(patch)
        folder = tmp_path_factory.mktemp("access")
        yield (
            Client(make_node(folder / "apart", dev_origins=("http://localhost:5173",))),
            Client(make_node(folder / "shared", isolation="path")),
        )
