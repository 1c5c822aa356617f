# SPDX-License-Identifier: MIT
"""Attacks by their seeds, in a process of its own beside the nodes.

``python -m tests.hostile.attacker ALICE BOB SEED FIRST END SECONDS ENTRY…``: cases FIRST to END
of each entry, against the nodes with these data folders; after SECONDS no case begins (0: all
do). A case depends on nothing but its entry, the seed and its number. Reports are JSON lines:
``{"begun": "ENTRY:N"}``, ``{"over": "ENTRY:N", "failed": how far it did not come}``, and
``{"wrong": "ENTRY:N", "why": …}`` for what a node must not do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from goop_node.p2p.guest import Guest
from tests.hostile import attacks, channel_attacks, local_attacks, schedules
from tests.hostile.scene import Scene

AT_ONCE = 4
HANG = 60.0
"""Seconds that no case takes."""
Entry = Callable[[random.Random, Scene], Awaitable[None]]


def _layer(attack: attacks.Attack) -> Entry:
    """An attack on a layer of libp2p, by a stranger who is connected."""

    async def entry(rng: random.Random, scene: Scene) -> None:
        async with scene.stranger(discovered=rng.random() < 0.5) as one:
            for first in (True, *[False] * rng.choice([0, 4])):
                try:
                    await attack(rng, one)
                except attacks.OWN_FAULTS:
                    raise
                except Exception:
                    if first:
                        raise
                    return  # the node has had enough, or the stranger has hung up

    return entry


async def knocking(rng: random.Random, scene: Scene) -> None:
    """Whoever does not come in."""
    for _ in range(10):
        with contextlib.suppress(OSError, EOFError):  # as far as it gets
            await attacks.knocking(rng, int(scene.alice.address.split("/")[4]))


NETWORK: dict[str, Entry] = {
    **{one.__name__: _layer(one) for one in attacks.ATTACKS},
    **{
        one.__name__: one
        for one in (
            knocking,
            channel_attacks.control_lines,
            channel_attacks.group_lines,
            channel_attacks.old_lines,
            channel_attacks.hosting,
            channel_attacks.old_hosting,
            channel_attacks.joining,
            channel_attacks.old_joining,
            channel_attacks.signal_flood,
            schedules.slow_lines,
            schedules.half_open,
            schedules.resets,
            schedules.invitation_flood,
            schedules.flapping,
            schedules.many_names,
        )
    },
}
LOCAL: dict[str, Entry] = {
    one.__name__: one
    for one in (
        local_attacks.requests,
        local_attacks.page_frames,
        local_attacks.posted_frames,
        local_attacks.bare_socket,
        local_attacks.sockets,
        local_attacks.page_ids,
        local_attacks.half_requests,
    )
}
ENTRIES = NETWORK | LOCAL


async def attack(
    scene: Scene, seed: int, numbers: range, seconds: float, entries: list[str]
) -> None:
    """All cases, some at a time."""
    end = time.monotonic() + (seconds or float("inf"))
    cases = ((entry, number) for number in numbers for entry in entries)

    async def work(rest: Iterator[tuple[str, int]]) -> None:
        for entry, number in rest:
            if time.monotonic() > end:
                return
            await _case(scene, seed, entry, number)

    async with asyncio.TaskGroup() as workers:
        for _ in range(AT_ONCE):
            workers.create_task(work(cases))


async def _case(scene: Scene, seed: int, entry: str, number: int) -> None:
    name = f"{entry}:{number}"
    _tell(begun=name)
    failed = ""
    try:
        async with asyncio.timeout(HANG):
            await ENTRIES[entry](random.Random(f"{seed} {name}"), scene)
    except attacks.OWN_FAULTS:
        _tell(wrong=name, why=traceback.format_exc())
    except Exception as error:
        failed = repr(error)[:200]
    _tell(over=name, failed=failed)


def _tell(**report: Any) -> None:
    print(json.dumps(report), flush=True)


async def main(
    alice: str, bob: str, seed: int, numbers: range, seconds: float, entries: list[str]
) -> None:
    """Attack, with one trio beside asyncio for all strangers."""
    guest = await Guest.acquire()
    try:
        async with Scene.of(Path(alice), Path(bob)) as scene:
            await attack(scene, seed, numbers, seconds, entries)
    finally:
        await guest.release()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _, alice, bob, seed, first, end, seconds, *entries = sys.argv
    asyncio.run(main(alice, bob, int(seed), range(int(first), int(end)), float(seconds), entries))
