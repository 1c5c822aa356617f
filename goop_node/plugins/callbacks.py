# SPDX-License-Identifier: MIT
"""Callbacks that a plugin handed in: what one raises ends nothing else, and is told as its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from goop_node.plugins.contained import Failed, contained

log = logging.getLogger(__name__)


def called(callback: Callable[[], object], what: str) -> bool:
    """Make the call; whether it came to its end, ``SystemExit`` and the like included.

    Whose it was the loop's exception handler finds out, as for every task and callback.
    """
    found = contained(callback)
    if not isinstance(found, Failed):
        return True
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        log.error("%s failed", what, exc_info=found.error)
    else:
        loop.call_exception_handler(
            {"message": f"{what} failed", "exception": found.error, "doing": what}
        )
    return False
