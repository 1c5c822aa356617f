# SPDX-License-Identifier: MIT
"""Where a process was when a plugin's code ended it or held it up, in a file that outlives it.

``os._exit``, a crash of compiled code and a loop without end leave nothing that could be contained.
Python's ``faulthandler`` writes down the stack all the same, also where no other thread has a turn.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
from pathlib import Path
from typing import NoReturn, TextIO

FILE = "last-words.txt"
EARLIER = "earlier-words.txt"
"""Those of the process before this one."""
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)


class LastWords:
    """Those of this process, within the ``with`` block; ``folder`` gets the file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def __enter__(self) -> LastWords:
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_name(EARLIER))
        # It is open all the time: there is none to open it in the end.
        self._file: TextIO = self._path.open("w", encoding="utf-8")
        self._leave = os._exit
        self._mine = not faulthandler.is_enabled()
        if self._mine:
            faulthandler.enable(self._file)
        os._exit = self._exit
        return self

    def __exit__(self, *error: object) -> None:
        faulthandler.cancel_dump_traceback_later()
        os._exit = self._leave
        if self._mine:
            faulthandler.disable()
        self._file.close()

    def within(self, seconds: float) -> None:
        """End the process where so much time passes before the next call."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._file)

    def _exit(self, status: int) -> NoReturn:
        faulthandler.dump_traceback(self._file)
        self._leave(status)


def place_in(words: Path, origin: str) -> str:
    """The innermost line of a package, as ``FILE:LINE``, in the words of a process.

    ``origin`` is the package's ``__init__.py``, or the file of a module by itself. ``""`` where
    nothing leads there.
    """
    try:
        text = words.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    path = Path(origin)
    for file, line in _FRAME.findall(text):
        inside = path.name == "__init__.py" and Path(file).is_relative_to(path.parent)
        if origin and (inside or Path(file) == path):
            return f"{file}:{line}"
    return ""
