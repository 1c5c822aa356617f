# SPDX-License-Identifier: MIT
"""The seed of whatever is made up here."""

from __future__ import annotations

import random

import pytest


@pytest.fixture
def hostile_seed(request: pytest.FixtureRequest) -> int:
    """The given one, or any; a test that fails shows it."""
    given = request.config.getoption("--hostile-seed")
    seed = random.randrange(2**32) if given is None else int(given)
    print(f"--hostile-seed {seed}")
    return seed
