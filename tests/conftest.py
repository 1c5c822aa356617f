# SPDX-License-Identifier: MIT
"""Options of the test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--seeds FIRST:END`` chooses the simulator's runs, ``--faults`` those of real nodes."""
    parser.addoption("--seeds", default="0:2000", help="simulator seeds, FIRST:END")
    parser.addoption("--faults", default="0:5", help="seeds of pairs of real nodes, FIRST:END")
    parser.addoption("--longest-fault", default=12.0, type=float, help="seconds of one fault")
