# SPDX-License-Identifier: MIT
"""A disk that takes nothing more: for whatever writes through ``kept_files``, and for a journal."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

from goop_realtime.storage.journal import Journal

STEPS = ("mkstemp", "write", "fsync", "replace")
"""Where writing a file can fail."""


@contextmanager
def full_disk(step: str = "mkstemp", code: int = errno.ENOSPC) -> Iterator[None]:
    """Within it every write of a small file fails at that step."""

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(code, os.strerror(code))

    with pytest.MonkeyPatch.context() as patch:
        match step:
            case "mkstemp":
                patch.setattr(tempfile, "mkstemp", fail)
            case "write":
                patch.setattr("goop_node.data.kept_files.open", _failing_open(fail), raising=False)
            case _:
                patch.setattr(os, step, fail)
        yield


def _failing_open(fail: Any) -> Any:
    def opened(*arguments: Any, **more: Any) -> Any:
        file = open(*arguments, **more)  # noqa: SIM115 - whoever asked for it closes it
        if "w" in file.mode:
            file.close()
            fail()
        return file

    return opened


@contextmanager
def full_journal(journal: Journal) -> Iterator[None]:
    """Within it that journal takes nothing, and says so as SQLite does."""

    def fail(_: object) -> NoReturn:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "commit", fail)
        yield
