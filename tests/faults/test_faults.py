# SPDX-License-Identifier: MIT
"""Real nodes, real sockets, real faults: nothing is lost, doubled or out of order.

Several pairs of nodes live side by side, and faults befall each one after another while both
people talk. A failure says how its faults are played again; ``make soak`` does a thousand.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
from collections import defaultdict
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS
from tests.faults.pair import pair

EACH = 10
"""Faults of one pair."""
Times = dict[str, list[float]]


async def one_pair(seed: int, folder: Path, longest: float) -> tuple[Times, int]:
    """A pair's life; seconds to resume by kind of fault, and how many messages were heard."""
    chance = random.Random(seed)
    times: Times = defaultdict(list)
    story: list[str] = []
    try:
        async with pair(f"goop-{os.getpid()}-{seed}", folder / str(seed), seed) as both:
            for fault in chance.sample(FAULTS, EACH):
                await asyncio.sleep(chance.uniform(0, 0.5))
                story.append(await fault(both, chance, longest))
                took = await both.heard_again()
                times[fault.__name__].append(took)
                story[-1] += f", resumed after {took:.2f} s"
            return times, await both.settle()
    except* Exception as group:
        again = f"pytest tests/faults --faults {seed}:{seed + 1}"
        said = [f"{type(error).__name__}: {error}" for error in _leaves(group)]
        told = [f"{again} --longest-fault {longest:g}", *story, *said]
        raise AssertionError("\n  ".join(told)) from group


def _leaves(error: BaseException) -> list[BaseException]:
    """What a group of groups of exceptions holds at last."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


async def lives(seeds: range, folder: Path, *, longest: float, at_once: int) -> str:
    """Let all pairs live, some at once; the figures in words.

    Raises ``AssertionError`` at the end with the story of every pair for which it was not so.
    """
    room = asyncio.Semaphore(at_once)

    async def live(seed: int) -> tuple[Times, int]:
        async with room:
            return await one_pair(seed, folder, longest)

    ends = await asyncio.gather(*(live(seed) for seed in seeds), return_exceptions=True)
    failed = [end for end in ends if isinstance(end, BaseException)]
    for end in failed:
        if not isinstance(end, AssertionError):
            raise end  # no failure: the test is skipped, or broken off
    assert not failed, "\n\n".join(map(str, failed))
    found = [end for end in ends if not isinstance(end, BaseException)]
    times: Times = defaultdict(list)
    for taken, _ in found:
        for kind, seconds in taken.items():
            times[kind] += seconds
    everything = sorted(second for seconds in times.values() for second in seconds)
    lines = [
        f"{len(everything)} faults, {sum(count for _, count in found):,} messages heard: "
        f"0 lost, 0 doubled, 0 out of order; resumed after {statistics.median(everything):.2f} s "
        f"(median), {everything[-1]:.2f} s (longest)"
    ]
    lines += [
        f"  {kind:11} {len(seconds):4} times, median {statistics.median(seconds):6.2f} s, "
        f"longest {max(seconds):6.2f} s"
        for kind, seconds in sorted(times.items())
    ]
    return "\n".join(lines)


@pytest.mark.timeout(600)
async def test_faults(
    tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, end = pytestconfig.getoption("--faults").partition(":")
    longest = pytestconfig.getoption("--longest-fault")
    told = await lives(range(int(first), int(end)), tmp_path, longest=longest, at_once=5)
    with capsys.disabled():
        print(f"\n{told}")


@pytest.mark.soak
async def test_a_thousand_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = await lives(range(1000, 1100), tmp_path, longest=90, at_once=10)
    with capsys.disabled():
        print(f"\n{told}")
