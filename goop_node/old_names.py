# SPDX-License-Identifier: MIT
"""Names of earlier versions: a plugin that still uses one is told which name it has.

Nothing works under an old name; an error that names both saves the author a search. Packages with
names of their own that change (the realtime plugin) say it the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def renamed_fields(**names: str) -> Callable[[type[T]], type[T]]:
    """Decorate a class whose fields had other names: ``renamed_fields(old="new")``.

    Giving an old one is a ``TypeError``, reading it an ``AttributeError``; both say the new name.
    """

    old_names = names.keys()

    def decorate(kind: type[T]) -> type[T]:
        def make(cls: type[Any], *args: object, **given: object) -> Any:
            if not old_names.isdisjoint(given):
                name = next(name for name in given if name in names)
                old, new = (f"{cls.__name__}({one}=…)" for one in (name, names[name]))
                raise TypeError(f"{old} is {new} in this version")
            return object.__new__(cls)

        kind.__new__ = make  # type: ignore[method-assign]
        return renamed_attributes(**names)(kind)

    return decorate


def renamed_attributes(**names: str) -> Callable[[type[T]], type[T]]:
    """The same for reading alone: for what the node makes for every message, plugins read."""

    def decorate(kind: type[T]) -> type[T]:
        def miss(self: object, name: str) -> Any:
            kind = type(self).__name__
            known = (
                f"{kind}.{name} is {kind}.{names[name]} in this version" if name in names else ""
            )
            raise AttributeError(known or f"there is no {kind}.{name}", name=name, obj=self)

        kind.__getattr__ = miss  # type: ignore[attr-defined]
        return kind

    return decorate


def renamed_in_module(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module whose names were others; a value says what is meant now.

    Importing an old one is an ``ImportError`` with both names.
    """

    def missing(name: str) -> Any:
        if name in names:
            raise ImportError(f"{module}.{name} is {names[name]} in this version")
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)

    return missing
