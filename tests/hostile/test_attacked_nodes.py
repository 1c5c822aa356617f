# SPDX-License-Identifier: MIT
"""A node that is attacked at every entry, by its grammar: its friend's channel notices nothing.

A finding names its case; ``--hostile-seed SEED --hostile-only ENTRY:NUMBER`` plays that again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.attacker import ENTRIES, LOCAL, NETWORK
from tests.hostile.healthy import LATEST, Healthy

ROOT = Path(__file__).parents[2]
CASES = 8
"""Of each entry."""
MORE_MEMORY = 30
"""MiB that are not given back."""
HANG = 300.0
"""Seconds until what should have been given back long ago will never be."""


class Report:
    """What an attacker tells."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.begun: set[str] = set()
        self.newest = ""
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.memory: list[int] = []
        """MiB of Alice, minute by minute."""

    def take(self, told: dict[str, str]) -> None:
        """One of its lines."""
        match told:
            case {"begun": name}:
                self.begun.add(name)
                self.newest = name
            case {"over": name, "failed": why}:
                self.begun.discard(name)
                entry = name.partition(":")[0]
                self.done[entry] += not why
                if why:
                    self.failed[f"{entry}: {why[:80]}"] += 1
            case {"wrong": name, "why": why}:
                self.wrong.append(f"{self.again(name)}\n{why}")

    def again(self, name: str = "") -> str:
        """The command that plays a case again, else what was under way."""
        names = [name] if name else [*sorted(self.begun), self.newest]
        command = f".venv/bin/pytest {Path(__file__).relative_to(ROOT)}"
        return "\n".join(
            f"{command} --hostile-seed {self.seed} --hostile-only {one}" for one in names
        )


@pytest.mark.parametrize("entries", [NETWORK, LOCAL], ids=["network", "local"])
async def test_everything_that_is_wrong(
    entries: dict[str, object], hostile_seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    numbers, names = range(CASES), list(entries)
    if only := request.config.getoption("--hostile-only"):
        entry, _, number = only.partition(":")
        if entry not in entries:
            pytest.skip("the case is of another entry")
        names = [entry]
        numbers = range(int(number), int(number) + 1) if number else numbers
    async with Healthy.living(tmp_path) as healthy:
        # How fast the channel is meanwhile is told, and judged in the long run: beside other tests,
        # each of which waits for the disk, figures say more about the machine than about the node.
        report = await _attacked(healthy, hostile_seed, numbers, 0, names)
    if not only:
        assert [name for name in names if not report.done[name]] == [], report.failed


@pytest.mark.soak
async def test_for_long(hostile_seed: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    seconds = 60 * float(request.config.getoption("--hostile-minutes"))
    async with Healthy.living(tmp_path) as healthy:
        await _attacked(healthy, hostile_seed, range(10**9), seconds, list(ENTRIES))
        assert healthy.own_latency < LATEST
        # What a machine with other work makes them wait says nothing about the node.
        assert healthy.latency < LATEST or healthy.kept_waiting > LATEST


async def _attacked(
    healthy: Healthy, seed: int, numbers: range, seconds: float, entries: list[str]
) -> Report:
    """Attack Alice, and look at what came of it.

    Her memory is compared with what she had at first, with one channel and nothing used yet: what
    the first use of each entry brings for good counts as not given back, too.
    """
    report = Report(seed)
    before = healthy.memory
    async with healthy.talking():
        bounds = map(str, (seed, numbers.start, numbers.stop, seconds))
        await _attack(healthy, report, [*bounds, *entries])
        assert not report.wrong, "\n\n".join(report.wrong)
        status = await healthy.status()
        assert (status["state"], status["restarts"]) == ("online", 0)
    print(f"{report.done}\n{report.failed}\n{healthy.compared} messages, none lost")
    print(f"99 of 100 within {healthy.latency:.3f} s, {healthy.own_latency:.3f} s of it our own")
    print("MiB by the minute:", *report.memory, f"from {before:.0f} to {healthy.memory:.0f}")
    async with asyncio.timeout(HANG):
        while healthy.memory > before + MORE_MEMORY:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.5)
    assert not healthy.new_traceback()
    return report


async def _attack(healthy: Healthy, report: Report, arguments: list[str]) -> None:
    """Have an attacker at work until it is done, or something has been found."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.hostile.attacker",
        str(healthy.alice.data),
        str(healthy.bob.data),
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        began = time.monotonic()
        async for line in process.stdout:
            report.take(json.loads(line))
            if time.monotonic() - began > 60 * len(report.memory):
                report.memory.append(round(healthy.memory))
            if found := healthy.new_traceback():
                report.wrong.append(f"{report.again()}\n{found}")
            if report.wrong:
                return
        assert await process.wait() == 0, (await errors).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await errors
