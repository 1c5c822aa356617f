# SPDX-License-Identifier: MIT
"""The process lives as long as its node: plugins end it neither before, nor keep it behind."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import traceback
from typing import TypeVar

from goop_node.log_format import log_with
from goop_node.plugins.interrupts import is_persons

END_SECONDS = 5.0
"""How long what still runs may take when all else has ended."""

T = TypeVar("T")
log = logging.getLogger(__name__)


def run_to_end(loop: asyncio.AbstractEventLoop, task: asyncio.Task[T]) -> T:
    """Run the loop until ``task`` is done, whatever ends the loop before.

    asyncio lets ``SystemExit`` and ``KeyboardInterrupt`` of any task or callback through, and
    anybody can stop the loop. The loop's exception handler is told, and the loop goes on.
    """
    while True:
        try:
            return loop.run_until_complete(task)
        except BaseException as error:
            if task.done() or is_persons(error):
                raise
            loop.call_exception_handler({"message": "the loop was ended", "exception": error})


def end_within(seconds: float, code: int) -> None:
    """End the process with ``code`` after so long, where threads that nobody ends keep it."""
    timer = threading.Timer(seconds, _end, (code,))
    timer.daemon = True
    timer.start()


def _end(code: int) -> None:
    frames = sys._current_frames()
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if not thread.daemon and frame is not None and thread is not threading.main_thread():
            stack = "".join(traceback.format_stack(frame, limit=8))
            words = "the node ends without its thread %s, in:"
            log_with(log, logging.WARNING, stack, words, thread.name)
    logging.shutdown()
    os._exit(code)
