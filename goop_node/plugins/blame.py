# SPDX-License-Identifier: MIT
"""Which line of whose code is to blame, and what an exception says.

Everything here reads what a plugin made, so nothing of it may fail: an exception's own
``__str__`` may raise.
"""

from __future__ import annotations

import importlib.util
import inspect
import traceback
from types import CodeType, TracebackType
from typing import Any

from goop_node.config.model import StartError
from goop_node.escaping import escaped
from goop_node.plugins.crossings import Misfit

LONGEST_TEXT = 400
LONGEST_TRACEBACK = 4000
FRAMES = 12


def describe(error: BaseException) -> str:
    """An exception on one line: its text, with its type where the text says little."""
    error = _inner(error)
    kind = type(error).__name__
    try:
        text = " ".join(str(error).split())
        text = escaped(text)[:LONGEST_TEXT]
    except BaseException:
        return f"{kind} (whose text cannot be read)"
    if isinstance(error, (StartError, Misfit)):
        return text
    return f"{kind}: {text}" if text else kind


def place_of(error: BaseException, package: str = "") -> str:
    """Where ``package`` failed, as ``FILE:LINE``: the innermost of its frames, or ``""``.

    For a syntax error that is where the mistake stands. Without a package, the innermost frame.
    """
    error = _inner(error)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    place = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_globals.get("__name__", "")
        file = step.tb_frame.f_code.co_filename
        mine = not package or str(name).partition(".")[0] == package
        if mine and not file.startswith("<"):  # else it was made of text
            place = f"{file}:{step.tb_lineno}"
        step = step.tb_next
    return place


def place_of_code(thing: object) -> str:
    """Where a function, method, class or module is written, as ``FILE:LINE``, or ``""``."""
    try:
        code = _code(thing)
        if code is not None:
            return f"{code.co_filename}:{code.co_firstlineno}"
        kind: Any = thing if inspect.isclass(thing) or inspect.ismodule(thing) else type(thing)
        file = inspect.getsourcefile(kind)
        line = 1 if inspect.ismodule(kind) else inspect.getsourcelines(kind)[1]
        return f"{file}:{line}" if file else ""
    except BaseException:
        return ""


def _inner(error: BaseException) -> BaseException:
    """What a task group found: the first of the exceptions that it carries."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _code(thing: Any) -> CodeType | None:
    """The code that runs when ``thing`` is called, behind partials, wrappers and methods."""
    for _ in range(10):
        if hasattr(thing, "func") and hasattr(thing, "keywords"):
            thing = thing.func  # functools.partial
        elif hasattr(thing, "__wrapped__"):
            thing = thing.__wrapped__
    code = getattr(thing, "__code__", None)
    if code is None and not inspect.isclass(thing):
        code = getattr(inspect.getattr_static(type(thing), "__call__", None), "__code__", None)
    return code if isinstance(code, CodeType) else None


def file_of(module: str) -> str:
    """The file of a module's top-level package, found without running any of it, or ``""``."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
        return (spec.origin or "") if spec is not None else ""
    except BaseException:
        return ""


def packages_of(error: BaseException) -> list[str]:
    """The top-level packages whose code ``error`` passed, the innermost first."""
    steps = traceback.walk_tb(_inner(error).__traceback__)
    names = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame, _ in steps]
    return list(dict.fromkeys(reversed(names)))


def raised_in(error: BaseException, package: str) -> bool:
    """Whether the statement that raised stands in ``package``."""
    step = error.__traceback__
    if step is None:
        return False
    while step.tb_next is not None:
        step = step.tb_next
    return str(step.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package


def traceback_of(error: BaseException) -> str:
    """The end of the traceback as text, bounded."""
    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-FRAMES)
        return "".join(lines)[-LONGEST_TRACEBACK:].rstrip()
    except BaseException:
        return f"(a {type(error).__name__} whose traceback cannot be read)"
