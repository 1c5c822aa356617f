# SPDX-License-Identifier: MIT
"""Values that plugins give, held against their declared types.

What :func:`fit` returns is a copy of our own: it cannot change afterwards, and the code behind
the border need not ask again. Types are read from annotations; ``msgspec.Meta`` in an
``Annotated`` gives bounds, ``JSON`` says that ``Any`` means JSON.
"""

from __future__ import annotations

import inspect
import math
import re
import types
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from goop_node.plugins.plain_json import MAX_INT, NotJson, a_type, plain_json
from goop_node.types import JSON

MAX_ITEMS = 10_000
"""How many items a collection may have: a generator may never end."""


class Misfit(TypeError):
    """A value is not what was declared. The text says where, what was found, and expected."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(f"{where}: found {found}, expected {expected}")
        self.expected = expected


def fit(value: Any, kind: Any, where: str) -> Any:
    """A copy of ``value`` as a ``kind``; ``where`` names it in errors.

    Dataclasses and collections are copied; callables, context managers and objects that fit a
    ``Protocol`` are returned as they are. Raises ``Misfit``, and whatever ``value`` itself raises
    while it is read.
    """
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *more = get_args(kind)
        return _annotated(value, inner, more, where)
    if kind is Any or kind is object or isinstance(kind, TypeVar):
        return value
    if origin in (Union, types.UnionType):
        return _union(value, get_args(kind), where)
    if origin is Literal:
        return _literal(value, get_args(kind), where)
    if origin is Callable:
        return _callable(value, get_args(kind), where)
    if kind is None or kind is type(None):
        if value is not None:
            raise Misfit(where, shown(value), "None")
        return None
    if kind in (bool, int, float, str):
        return _scalar(value, kind, where)
    plain = origin or kind
    if plain in (Sequence, Iterable, Collection, list, tuple, Set, frozenset):
        return _collection(value, plain, get_args(kind), where)
    if plain in (Mapping, dict):
        return _mapping(value, get_args(kind), where)
    if is_dataclass(plain) and isinstance(plain, type):
        return _dataclass(value, plain, where)
    if getattr(plain, "_is_protocol", False):
        return _protocol(value, plain, where)
    if not isinstance(value, plain):
        raise Misfit(where, shown(value), name_of(plain))
    return value


def name_of(kind: Any) -> str:
    """A type in words."""
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *more = get_args(kind)
        return "JSON" if JSON in more else name_of(inner)
    if origin in (Union, types.UnionType):
        return " or ".join(name_of(one) for one in get_args(kind))
    if kind is type(None):
        return "None"
    if origin is Callable:
        return "a function"
    if origin is Mapping:
        return "a mapping"
    return getattr(origin or kind, "__name__", str(kind))


def shown(value: object) -> str:
    """A value in a few words, without asking it: its own methods may do anything."""
    if value is None or type(value) in (bool, int, float):
        return repr(value)[:40]
    if type(value) is str:
        return ascii(value) if len(value) <= 40 else f"{value[:37]!a}..."
    if inspect.iscoroutine(value):
        return "a coroutine (is the function async?)"
    if inspect.isgenerator(value):
        return "a generator"
    return a_type(value)


def _annotated(value: Any, inner: Any, more: Iterable[Any], where: str) -> Any:
    for extra in more:
        if extra is JSON:
            try:
                return plain_json(value)
            except NotJson as error:
                raise Misfit(f"{where}{error.pointer}", error.found, error.expected) from None
    fitted = fit(value, inner, where)
    for extra in more:
        if isinstance(extra, msgspec.Meta) and fitted is not None:
            _bounds(fitted, extra, where)
    return fitted


def _bounds(value: Any, meta: msgspec.Meta, where: str) -> None:
    if meta.gt is not None and not value > meta.gt:
        raise Misfit(where, shown(value), f"more than {meta.gt}")
    if meta.ge is not None and not value >= meta.ge:
        raise Misfit(where, shown(value), f"at least {meta.ge}")
    if meta.le is not None and not value <= meta.le:
        raise Misfit(where, shown(value), f"at most {meta.le}")
    if meta.min_length is not None and len(value) < meta.min_length:
        raise Misfit(where, f"a length of {len(value)}", f"at least {meta.min_length}")
    if meta.max_length is not None and len(value) > meta.max_length:
        raise Misfit(where, f"a length of {len(value)}", f"at most {meta.max_length}")
    if meta.pattern is not None and not re.search(meta.pattern, value):
        raise Misfit(where, shown(value), meta.description or f"text like {meta.pattern}")


def _union(value: Any, members: Sequence[Any], where: str) -> Any:
    if value is None and type(None) in members:
        return None
    others = [one for one in members if one is not type(None)]
    if len(others) == 1:
        return fit(value, others[0], where)
    for member in others:
        if _is_meant(value, get_origin(member) or member):
            return fit(value, member, where)
    for member in others:
        try:
            return fit(value, member, where)
        except Misfit as error:
            if getattr(member, "_is_protocol", False) and _tries(value, member):
                raise error
    raise Misfit(where, shown(value), " or ".join(name_of(one) for one in members))


def _is_meant(value: Any, plain: Any) -> bool:
    """Whether of several types ``value`` means to be this one, so that what is wrong is within."""
    if plain in (Mapping, dict):
        return isinstance(value, Mapping)
    return isinstance(plain, type) and is_dataclass(plain) and isinstance(value, plain)


def _tries(value: Any, protocol: Any) -> bool:
    """Whether ``value`` means to be one of ``protocol``: it has a method of that name."""
    return any(hasattr(value, name) for name in _methods(protocol))


def _literal(value: Any, choices: Sequence[Any], where: str) -> Any:
    for one in choices:
        if type(value) is type(one) and value == one:
            return one
    raise Misfit(where, shown(value), " or ".join(repr(one) for one in choices))


def _scalar(value: Any, kind: type, where: str) -> Any:
    expected = {bool: "True or False", int: "a whole number", float: "a number", str: "text"}[kind]
    if kind is bool:
        if value is True or value is False:
            return value
    elif isinstance(value, bool):
        pass
    elif kind is str and isinstance(value, str):
        text = str.__str__(value)
        if not any("\ud800" <= char <= "\udfff" for char in text):
            return text
        expected = "text without half characters (surrogates)"
    elif isinstance(value, int) and kind in (int, float):
        number = int.__int__(value)
        if abs(number) <= MAX_INT:
            return number
        expected = "a number below 2^53"
    elif kind is float and isinstance(value, float):
        if math.isfinite(value):
            return float.__float__(value)
        expected = "a finite number"
    raise Misfit(where, shown(value), expected)


def _collection(value: Any, plain: Any, arguments: Sequence[Any], where: str) -> Any:
    wanted = arguments[0] if arguments else Any
    expected = f"several {name_of(wanted)}" if wanted is not Any else "several values"
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise Misfit(where, shown(value), expected)
    items = list(islice(iter(value), MAX_ITEMS + 1))
    if len(items) > MAX_ITEMS:
        raise Misfit(where, f"more than {MAX_ITEMS} items", "fewer")
    fitted = [fit(one, wanted, f"{where}[{index}]") for index, one in enumerate(items)]
    unordered = plain in (Set, frozenset) or (plain is Collection and isinstance(value, Set))
    return frozenset(fitted) if unordered else tuple(fitted)


def _mapping(value: Any, arguments: Sequence[Any], where: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise Misfit(where, shown(value), "a mapping")
    key_kind, kind = arguments or (Any, Any)
    if get_origin(kind) is Annotated and JSON in get_args(kind) and key_kind is str:
        whole: dict[Any, Any] = fit(value, kind, where)  # its depth and size are one bound
        return whole
    pairs = list(islice(iter(value.items()), MAX_ITEMS + 1))
    if len(pairs) > MAX_ITEMS:
        raise Misfit(where, f"more than {MAX_ITEMS} entries", "fewer")
    return {
        fit(key, key_kind, f"a key of {where}"): fit(one, kind, f"{where}[{shown(key)}]")
        for key, one in pairs
    }


def _dataclass(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise Misfit(where, shown(value), kind.__name__)
    hints = _hints(kind)
    return kind(
        **{
            one.name: fit(getattr(value, one.name), hints[one.name], f"{where}.{one.name}")
            for one in fields(kind)
        }
    )


@lru_cache(maxsize=64)
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _protocol(value: Any, kind: Any, where: str) -> Any:
    for name in _methods(kind):
        method = getattr(value, name, None)
        if method is None:
            raise Misfit(where, f"{shown(value)} without {name}()", name_of(kind))
        hints = _hints(getattr(kind, name))
        takes = [hint for one, hint in hints.items() if one != "return"]
        _callable(method, (takes, hints.get("return", Any)), f"{where}.{name}")
    return value


@lru_cache(maxsize=64)
def _methods(kind: Any) -> tuple[str, ...]:
    """The methods that a protocol asks for."""
    return tuple(
        sorted(
            name
            for base in kind.__mro__
            if getattr(base, "_is_protocol", False)
            for name, found in vars(base).items()
            if inspect.isfunction(found) and not name.startswith("_")
        )
    )


def _callable(value: Any, arguments: Sequence[Any], where: str) -> Any:
    if not callable(value) or (inspect.isclass(value) and issubclass(value, BaseException)):
        raise Misfit(where, shown(value), "a function")
    takes, gives = arguments or (..., Any)
    if gives is not Any and not _may_await(gives):
        refuse_async(value, where)
    if takes is not ...:
        _arity(value, len(takes), where)
    return value


def refuse_async(function: Any, where: str) -> None:
    """Raise ``Misfit`` where calling ``function`` would only make a coroutine or generator."""
    # An object that can be called has its code in its class.
    for one in (function, inspect.getattr_static(type(function), "__call__", None)):
        if inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one):
            raise Misfit(where, "an async function", "a plain one (def, not async def)")
        if inspect.isgeneratorfunction(one):
            raise Misfit(where, "a function with yield", "one that returns")


def _may_await(kind: Any) -> bool:
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return any((get_origin(one) or one) is Awaitable for one in members)


def _arity(function: Any, count: int, where: str) -> None:
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return  # written in C: only a call can tell
    try:
        signature.bind(*range(count))
    except TypeError:
        found = f"a function of {signature}"
        raise Misfit(where, found, f"one that takes {count} arguments") from None
