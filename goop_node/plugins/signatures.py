# SPDX-License-Identifier: MIT
"""Does an implementation's signature still say what its hookspec says?

pluggy compares parameter names only, so a type that changed is accepted silently. This
compares annotations where both sides have one, and stays quiet about what it cannot judge.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, Union, get_args, get_origin, get_type_hints


def drift(spec: Callable[..., Any], implementation: Callable[..., Any]) -> str | None:
    """Say in words how ``implementation`` departs from ``spec``, or ``None``."""
    if inspect.iscoroutinefunction(implementation) or inspect.isasyncgenfunction(implementation):
        return "is async, but hooks are synchronous; return an async callable instead"
    try:
        wanted, given = get_type_hints(spec), get_type_hints(implementation)
    except Exception:
        return None  # names that only a type checker can see
    for name, hint in given.items():
        if name not in wanted:
            continue
        if name == "return":
            # A decorator such as asynccontextmanager leaves the inner function's annotation.
            if not hasattr(implementation, "__wrapped__") and not _fits(hint, wanted[name]):
                return f"returns {_name(hint)}, expected {_name(wanted[name])}"
        elif not _fits(wanted[name], hint):
            return f"takes {name}: {_name(hint)}, expected {_name(wanted[name])}"
    return None


def _fits(value: Any, place: Any) -> bool:
    """Whether a value of type ``value`` may stand where ``place`` is expected."""
    if value == place or Any in (value, place) or place is object:
        return True
    if _is_union(value):
        return all(_fits(member, place) for member in get_args(value))
    if _is_union(place):
        return any(_fits(value, member) for member in get_args(place))
    value_class, place_class = get_origin(value) or value, get_origin(place) or place
    if not isinstance(value_class, type) or not isinstance(place_class, type):
        return True
    try:
        if not issubclass(value_class, place_class):
            return False
    except TypeError:
        return True  # a protocol that only a type checker can compare
    pairs = zip(get_args(value), get_args(place), strict=False)
    return all(_fits(one, other) for one, other in pairs)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
