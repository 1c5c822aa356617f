# SPDX-License-Identifier: MIT
"""The bench itself: a load that lets nothing pass, and a report that says PASS and MISS."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import load, room_in_memory
from benchmarks.report import Report
from tests.unit.test_layers import ROOT


class Pipe:
    """Two ends: what is sent on it is told to ``arrive``, which says what the other end gets."""

    def __init__(self, arrive: Callable[[str], list[str]]) -> None:
        self._arrive = arrive
        self._there: asyncio.Queue[str] = asyncio.Queue()
        self._told: asyncio.Queue[str] = asyncio.Queue()

    def wire(self) -> load.Wire:
        class Here:
            send = self._send
            recv = self._told.get

        class There:
            recv = self._there.get

        return load.Wire(Here, There, {})

    async def _send(self, text: str) -> None:
        for arriving in self._arrive(text):
            self._there.put_nowait(arriving)

    def tell(self, text: str) -> None:
        """Say something to the sender."""
        self._told.put_nowait(text)


async def measure(arrive: Callable[[str], list[str]]) -> load.Figures:
    return await load.measure(Pipe(arrive).wire(), seconds=0.1, count=1000)


async def test_a_sound_wire_is_measured() -> None:
    figures = await measure(lambda text: ['{"type":"state"}', text])
    assert 0 < figures.median_ms <= figures.p99_ms
    assert figures.rate > 0
    assert list(figures.cpu_us) == ["client"]


@pytest.mark.parametrize(
    "arrive",
    [
        lambda text: [] if '"x":7,' in text else [text],
        lambda text: [text, text] if '"x":7,' in text else [text],
        lambda text: [text.replace('"x":7,', '"x":8,')],
    ],
    ids=["lost", "doubled", "changed"],
)
async def test_what_is_not_right_is_no_figure(arrive: Callable[[str], list[str]]) -> None:
    with pytest.raises(load.LostError, match="expected message"):
        await measure(arrive)


async def test_a_wire_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "STALL_SECONDS", 0.05)
    with pytest.raises(load.LostError, match="message 0 of 250 did not come"):
        await measure(lambda text: [])


async def test_a_refusal_is_no_figure() -> None:
    pipe = Pipe(lambda text: [])
    pipe.tell('{"type":"refused","code":"too_fast"}')
    with pytest.raises(load.LostError, match="too_fast"):
        await load.measure(pipe.wire(), seconds=0.1, count=10)


def test_the_report_judges_by_the_median(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report({})
    report.bound("low", [1.0, 9.0, 2.0], 2.0)
    report.bound("high", [1.0, 9.0, 2.0], 2.5, at_most=False)
    report.write(tmp_path / "results.json")
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [(row["what"], row["result"], row["max"]) for row in found["bounds"]] == [
        ("low", "PASS", 9.0),
        ("high", "MISS", 9.0),
    ]
    assert "1 of 2 required figures hold" in capsys.readouterr().out


async def test_a_room_in_memory_is_measured() -> None:
    found = await room_in_memory.measure(4, 16)
    assert found["cpu_us"] > 0
    assert 100 < found["bytes"] < 2000


def test_the_bench_runs(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks.bench", "--quick", "--results", str(results)]
    done = subprocess.run(
        [*command, "--only", "relay", "normal"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(results.read_text(encoding="utf-8"))
    assert set(found["page to page"]) == {"relay", "normal"}
    assert len(found["bounds"]) == 2
    assert not any(name in results.read_text() for name in ("/", "127.0.0.1"))
