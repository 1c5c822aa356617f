# SPDX-License-Identifier: MIT
"""What is promised to people is measured without what other work takes from it."""

from __future__ import annotations

import os
import time

import pytest

from tests import limits
from tests.limits import promised


def test_what_takes_longer_by_itself_breaks_the_promise() -> None:
    with pytest.raises(AssertionError, match="promised are"), promised(0.01):
        time.sleep(0.1)
    with promised(limits.HANG):
        time.sleep(0.01)


def test_waiting_for_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()

    def waits_since(pid: int) -> float:
        return time.monotonic() - began if pid == os.getpid() else 0.0

    monkeypatch.setattr(limits, "kept_waiting", waits_since)
    with promised(0.05, 1):
        time.sleep(0.2)


def test_what_a_process_waited_that_is_gone_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([0.0, 0.0, 5.0])
    monkeypatch.setattr(limits, "kept_waiting", lambda pid: next(waits, 0.0) if pid == 1 else 0.0)
    with promised(-1.0, 1):
        time.sleep(4 * limits._LOOK)
