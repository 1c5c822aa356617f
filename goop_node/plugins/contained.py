# SPDX-License-Identifier: MIT
"""Calls of plugins' functions end in a value, whatever the function does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from goop_node.config.model import StartError
from goop_node.plugins.blame import raised_in
from goop_node.plugins.crossings import Misfit, fit, shown
from goop_node.plugins.interrupts import is_persons


@dataclass(frozen=True)
class Failed:
    """A plugin's function failed: what it raised, or what was wrong with what it gave."""

    error: BaseException


def contained(call: Callable[[], Any]) -> Any:
    """What ``call`` returns, or ``Failed``.

    That includes ``SystemExit``, a plugin's own ``KeyboardInterrupt`` and what compiled
    extensions raise. Only a person's wish to stop and the node's own trouble get through.
    """
    try:
        return call()
    except BaseException as error:
        if passes(error):
            raise
        return Failed(error)


def asked(call: Callable[[], Any], kind: Any, where: str) -> Any:
    """As ``contained``, and what ``call`` returns has to fit ``kind`` (see ``crossings.fit``)."""
    return contained(lambda: fit(_no_coroutine(call(), where), kind, where))


def passes(error: BaseException) -> bool:
    """Whether ``error`` is no fault of the plugin in whose call it came up."""
    own_trouble = isinstance(error, StartError) and raised_in(error, "goop_node")
    return own_trouble or is_persons(error)


def _no_coroutine(value: Any, where: str) -> Any:
    if inspect.iscoroutine(value):
        value.close()
        raise Misfit(where, shown(value), "a plain function's answer")
    return value
