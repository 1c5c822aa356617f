# SPDX-License-Identifier: MIT
"""Everything that is measured: ``make bench``, or ``python -m benchmarks.bench --help``.

What is compared is measured in pairs: one run of each, and again, so that a change of the
machine's mood falls on all; ratios are made within a pair.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from benchmarks import (
    calls,
    chess_games,
    chromium,
    colyseus_server,
    footprint,
    kit,
    polling,
    rooms,
    rows,
    signatures,
)
from benchmarks.load import Figures
from benchmarks.processes import RATE_LIMIT
from benchmarks.report import Report
from goop_realtime.model.limits import OUTBOX_BYTES, OUTBOX_MESSAGES, NodeLimits

RESULTS = Path(__file__).parent / "results.json"
BOUNDS = {"none": (1.25, 0.6), "normal": (1.75, 0.5)}
"""Of a row: its latency at most, and its rate at least, as often the bare relay's."""


class Bench:
    """The sections. ``folder`` takes the nodes' data."""

    def __init__(self, options: argparse.Namespace, report: Report, folder: Path) -> None:
        self._options = options
        self._report = report
        self._folder = folder
        self._runs = 0

    async def run(self) -> None:
        """Every section that was asked for."""
        wanted = set(self._options.only)
        sections: dict[str, Callable[[], Awaitable[None]]] = {
            "chromium": self._chromium,
            "calls": self._calls,
            "chess": self._chess,
            "polling": self._polling,
            "footprint": self._footprint,
            "kit": self._kit,
            "rooms": self._rooms,
            "positions": self._positions,
            "signatures": self._signatures,
        }
        if chosen := [row for row in rows.ROWS if not wanted or row in wanted]:
            await self._pages(chosen)
        for name, section in sections.items():
            if not wanted or name in wanted:
                await section()

    async def _pages(self, chosen: list[str]) -> None:
        self._report.title(
            f"Page to page, WebSocket to WebSocket. Limits on at both nodes: {RATE_LIMIT:,}"
            f" messages/s, {NodeLimits.message_bytes:,} bytes a message, {OUTBOX_MESSAGES:,}"
            f" messages and {OUTBOX_BYTES:,} bytes unhandled"
        )
        runs: dict[str, list[Figures]] = {row: [] for row in chosen}
        for _ in range(self._options.pairs):
            for row in chosen:
                runs[row].append(await rows.ROWS[row][1](self._run()))
        names = {row: title for row, (title, _) in rows.ROWS.items()}
        self._report.table("page to page", names, runs)
        for row, (latency, rate) in BOUNDS.items():
            if row in runs and "relay" in runs:
                self._report.against(
                    names[row], runs[row], runs["relay"], latency=latency, rate=rate
                )

    async def _chromium(self) -> None:
        self._report.title("Between two Chromium pages; latency is half a round trip")
        if (missing := chromium.missing()) is not None:
            print(f"  skipped: {missing}")
            return
        runs: dict[str, list[Figures]] = {row: [] for row in chromium.ROWS}
        for _ in range(self._options.pairs):
            for row, (_, measure) in chromium.ROWS.items():
                runs[row].append(await measure(self._run()))
        names = {row: title for row, (title, _) in chromium.ROWS.items()}
        self._report.table("chromium", names, runs)

    async def _calls(self) -> None:
        self._report.title(
            "Video calls between two Chromium pages, on two nodes beside chess and a busy room,"
            " and through PeerJS"
        )
        if (missing := calls.missing()) is not None:
            print(f"  skipped: {missing}")
            return
        count = 30 if self._options.pairs > 1 else 1
        found = await calls.measure(self._run().folder, calls=count)
        self._report.values("calls", found)
        for what, limit in calls.BOUNDS.items():
            self._report.bound(what, found[what], limit)

    async def _chess(self) -> None:
        self._report.title("Chess, every move judged by both nodes")
        found = await chess_games.measure(self._run().folder, runs=self._options.pairs)
        self._report.values("chess", found)
        for what, limit in chess_games.BOUNDS.items():
            self._report.bound(what, found[what], limit, at_most=False)

    async def _polling(self) -> None:
        self._report.title("A game of chess by 2-second polling, and by a channel")
        self._report.values("polling", await polling.measure(self._run().folder))

    async def _footprint(self) -> None:
        self._report.title("Start, request, idle")
        found = await footprint.measure(self._run().folder, starts=self._options.pairs)
        self._report.values("footprint", found)
        for what, limit in footprint.BOUNDS.items():
            self._report.bound(what, found[what], limit)

    async def _kit(self) -> None:
        self._report.title("The test kit")
        # Its nodes have an event loop of their own.
        found = await asyncio.to_thread(kit.measure, self._run().folder)
        self._report.values("kit", found)
        for what, limit in kit.BOUNDS.items():
            self._report.bound(what, found[what], limit)

    async def _rooms(self) -> None:
        self._report.title(
            f"Rooms in which {rooms.SPEAKERS} members say something every"
            f" {rooms.SAY_SECONDS * 1000:.0f} ms; each page that a message reaches is a delivery"
        )
        pairs, seconds = self._options.pairs, self._options.seconds
        found = [rooms.in_memory(self._options.count // 20) for _ in range(pairs)]
        for members in rooms.IN_PROCESSES:
            runs = [self._run().folder for _ in range(pairs)]
            found += [await rooms.in_processes(folder, members, seconds) for folder in runs]
        found.append(await rooms.beside_a_slow_one(self._run().folder, pairs, seconds))
        self._tell("rooms", found)

    async def _positions(self) -> None:
        self._report.title("Four players who move 20 times a second, here and through Colyseus")
        if (missing := colyseus_server.missing()) is not None:
            print(f"  skipped: {missing}")
            return
        pairs, seconds = self._options.pairs, self._options.seconds
        self._tell("positions", [await rooms.positions(self._run().folder, pairs, seconds)])

    def _tell(self, section: str, found: Sequence[rooms.Values]) -> None:
        values: rooms.Values = {}
        for run in found:
            for what, more in run.items():
                values.setdefault(what, []).extend(more)
        self._report.values(section, values)
        for what, limit in rooms.BOUNDS.items():
            if what in values:
                self._report.bound(what, values[what], limit)

    async def _signatures(self) -> None:
        self._report.title("Signatures of messages in rooms, by how many are written together")
        values: dict[str, list[float]] = {}
        for _ in range(self._options.pairs):
            for what, value in signatures.measure().items():
                values.setdefault(what, []).append(value)
        self._report.values("signatures", values)

    def _run(self) -> rows.Run:
        self._runs += 1
        folder = self._folder / str(self._runs)
        return rows.Run(folder, seconds=self._options.seconds, count=self._options.count)


SECTIONS = (
    *rows.ROWS,
    *("chromium", "calls", "chess", "polling", "footprint", "kit", "rooms", "positions"),
    "signatures",
)


def main() -> None:
    """Measure, print, and write ``results.json``."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="how often everything is repeated")
    parser.add_argument("--seconds", type=float, default=5.0, help="of every latency run")
    parser.add_argument("--count", type=int, default=20_000, help="messages of every rate run")
    parser.add_argument("--quick", action="store_true", help="one short pair, to see that it works")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        choices=SECTIONS,
        metavar="WHAT",
        help=f"some of: {', '.join(SECTIONS)}",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file to write")
    options = parser.parse_args()
    if options.quick:
        options.pairs, options.seconds, options.count = 1, 1.0, 2000
    settings = {name: getattr(options, name) for name in ("pairs", "seconds", "count")}
    report = Report(settings)
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(Bench(options, report, Path(folder)).run())
    report.write(options.results)


if __name__ == "__main__":
    main()
