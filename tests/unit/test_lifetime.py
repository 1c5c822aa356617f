# SPDX-License-Identifier: MIT
"""The process lives as long as its node, whatever plugins raise into the loop or leave running."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import uvloop

import goop_node
from goop_node.lifetime import run_to_end
from goop_node.own_threads import in_own_thread
from goop_node.plugins.interrupts import Interrupted, interruptible
from tests.limits import HANG


class Odd(BaseException): ...


def _raise(error: BaseException) -> None:
    raise error


async def _raise_later(error: BaseException) -> None:
    raise error


ENDS: list[Callable[[asyncio.AbstractEventLoop], Any]] = [
    lambda loop: loop.stop(),
    *(
        end
        for kind in (SystemExit, KeyboardInterrupt, Odd, ValueError, asyncio.CancelledError)
        for end in (
            lambda loop, kind=kind: loop.call_soon(_raise, kind()),
            lambda loop, kind=kind: loop.create_task(_raise_later(kind())),
        )
    ),
]


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_nothing_that_a_plugin_raises_or_stops_ends_the_loop(factory: Callable[[], Any]) -> None:
    async def node() -> str:
        for end in ENDS * 2:
            kept = end(loop)
            await asyncio.sleep(0.002)
            del kept
        return "told to stop"

    told: list[Any] = []
    with interruptible(), asyncio.Runner(loop_factory=factory) as runner:
        loop = runner.get_loop()
        loop.set_exception_handler(lambda loop, context: told.append(context))
        assert run_to_end(loop, loop.create_task(node())) == "told to stop"
    kinds = {type(context.get("exception")) for context in told}
    assert {SystemExit, KeyboardInterrupt, ValueError} <= kinds


def test_a_person_still_ends_the_loop() -> None:
    async def node() -> None:
        loop.call_soon(_raise, Interrupted(2))
        await asyncio.sleep(20)

    with interruptible(), asyncio.Runner() as runner:
        loop = runner.get_loop()
        with pytest.raises(Interrupted):
            run_to_end(loop, loop.create_task(node()))


def test_a_thread_that_nobody_ends_is_named_and_left() -> None:
    script = """
        import threading
        from goop_node.lifetime import end_within
        def waits(): threading.Event().wait()
        threading.Thread(target=waits, name="of a plugin").start()
        end_within(0.2, 7)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 7
    assert b"of a plugin" in done.stderr
    assert b"in waits" in done.stderr


async def test_a_full_executor_keeps_none_of_our_files() -> None:
    held = Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    blocked = loop.run_in_executor(None, held.wait)
    try:
        assert await asyncio.wait_for(in_own_thread(Path(__file__).exists), HANG)
    finally:
        held.set()
        await blocked


def test_the_host_leaves_the_loops_executor_to_others() -> None:
    host = Path(goop_node.__file__).parent
    for file in host.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "to_thread(" not in text, file
        assert "run_in_executor(None" not in text, file
