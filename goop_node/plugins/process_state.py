# SPDX-License-Identifier: MIT
"""What belongs to the whole process, looked at before and after a plugin's code runs in a start.

A plugin that changes the working folder, the search path or the log changes them for everybody, and
what fails then fails far away from it. So each is set back, and the plugin is named.
"""

from __future__ import annotations

import asyncio
import gc
import io
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """Something of the process. ``read`` gives a value that compares; ``write`` sets it."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]


@contextmanager
def held(tell: Callable[[str], None]) -> Iterator[None]:
    """Set back what the block changes of the process; ``tell`` gets a sentence for each."""
    before = [(part, _read(part)) for part in PARTS]
    streams = [_Stream(name) for name in ("stdout", "stderr")]
    try:
        yield
    finally:
        for stream in streams:
            if stream.restore():
                tell(f"it replaced or closed sys.{stream.name}; that is set back")
        for part, value in before:
            if _read(part) != value:
                words = _set_back(part, value)
                tell(f"it changed {part.name}, which is the whole process's; {words}")


def _set_back(part: Part, value: Any) -> str:
    try:
        part.write(value)
    except Exception as error:
        return f"that cannot be set back ({error})"
    return "that is set back"


def _read(part: Part) -> Any:
    try:
        return part.read()
    except OSError:
        return None  # a working folder that was deleted


class _Stream:
    """One of the standard streams, with a copy of its file where it has one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stream = getattr(sys, name)
        try:
            self._number = self._stream.fileno()
            self._copy = os.dup(self._number)
        except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
            self._number = self._copy = -1

    def restore(self) -> bool:
        """Whether something had to be done."""
        stream, changed = self._stream, getattr(sys, self.name) is not self._stream
        if self._copy >= 0 and not _is_open(self._number):
            os.dup2(self._copy, self._number)
            changed = True
        if self._copy >= 0 and stream.closed:
            stream = open(self._number, "w", encoding=stream.encoding, errors=stream.errors)  # noqa: SIM115
            for handler in logging.getLogger().handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is self._stream:
                    handler.stream = stream
            changed = True
        if changed:
            setattr(sys, self.name, stream)
        if self._copy >= 0:
            os.close(self._copy)
        return changed


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _loggers() -> list[logging.Logger]:
    """Every logger there is."""
    logging.getLogger("goop_node")  # it is there, whoever asked for it first
    named = sorted(logging.root.manager.loggerDict.items())
    return [logging.root, *(one for _, one in named if isinstance(one, logging.Logger))]


def _row(one: logging.Logger) -> tuple[bool, Any]:
    """Whether the logger is silenced; of the root and the node's own also all the rest."""
    if one is not logging.root and one.name.partition(".")[0] != "goop_node":
        # Others' loggers a plugin may set up, but ``dictConfig`` silences all that exist.
        return one.disabled, None
    return one.disabled, (one.level, one.propagate, tuple(one.handlers), tuple(one.filters))


def _read_log() -> Any:
    return _Log(logging.root.manager.disable, {one: _row(one) for one in _loggers()})


class _Log:
    """The state of the log; loggers that came since count as unchanged."""

    def __init__(self, off: int, rows: dict[logging.Logger, tuple[bool, Any]]) -> None:
        self.off, self.rows = off, rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Log) or self.off != other.off:
            return False
        return all(
            self.rows[one] == other.rows[one] for one in self.rows.keys() & other.rows.keys()
        )

    __hash__ = None  # type: ignore[assignment]


def _write_log(state: _Log) -> None:
    logging.disable(state.off)
    for one, (disabled, more) in state.rows.items():
        one.disabled = disabled
        if more is None:
            continue
        level, one.propagate, handlers, filters = more
        one.setLevel(level)
        one.handlers[:], one.filters[:] = handlers, filters


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found


def _signals() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_signals(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        # None: it was not set by Python, and cannot be set back by it.
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _set_environment(variables: dict[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _set_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _hooks() -> tuple[Any, ...]:
    return (sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning)


def _set_hooks(hooks: tuple[Any, ...]) -> None:
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks


PARTS = (
    Part("the working folder", os.getcwd, os.chdir),
    Part(
        "sys.path", lambda: list(sys.path), lambda value: sys.path.__setitem__(slice(None), value)
    ),
    Part(
        "sys.argv", lambda: list(sys.argv), lambda value: sys.argv.__setitem__(slice(None), value)
    ),
    Part("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Part("the switch interval of threads", sys.getswitchinterval, sys.setswitchinterval),
    Part("the log", _read_log, _write_log),
    Part("the filters of warnings", lambda: list(warnings.filters), _set_filters),
    Part("the hooks for exceptions and warnings", _hooks, _set_hooks),
    Part("the umask", _umask, os.umask),
    Part("the handlers of signals", _signals, _set_signals),
    Part(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda value: locale.setlocale(locale.LC_ALL, value),
    ),
    Part("the default timeout of sockets", socket.getdefaulttimeout, socket.setdefaulttimeout),
    Part("the environment", lambda: dict(os.environ), _set_environment),
    Part(
        "asyncio's policy",
        lambda: getattr(asyncio.events, "_event_loop_policy", None),
        lambda value: setattr(asyncio.events, "_event_loop_policy", value),
    ),
    Part("the garbage collector", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
)
