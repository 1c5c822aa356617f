# SPDX-License-Identifier: MIT
"""Options of the test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--seeds FIRST:END`` chooses the simulator's runs."""
    parser.addoption("--seeds", default="0:2000", help="simulator seeds, FIRST:END")
