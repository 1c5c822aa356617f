# SPDX-License-Identifier: MIT
"""Page to page, beside a bare relay, as paired runs: ``make bench``."""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import websockets

from benchmarks.load import Figures, measure
from goop_node.testing import NodeProcess, start_node

PAIRS = 5
SECONDS = 3.0
COUNT = 20_000
CONFIG = """
[plugins.realtime]
rate = 1000000
burst = 1000000
synchronous = "{synchronous}"

[plugins.arcade_rooms]
[plugins.chess]
"""


def position(n: int) -> dict[str, Any]:
    """A small context message."""
    return {"type": "position", "x": n, "y": 7.5}


def _connect(url: str, **more: Any) -> Any:
    return websockets.connect(url, max_size=None, max_queue=None, compression=None, **more)


async def relay() -> Figures:
    """One run of the bare relay, in two processes."""
    ports, remote, processes = [_free(), _free()], None, []
    try:
        for port in ports:
            command = [sys.executable, "-m", "benchmarks.bare_relay", str(port)]
            process = subprocess.Popen(
                command + ([remote] if remote else []), stdout=subprocess.PIPE, text=True
            )
            processes.append(process)
            assert process.stdout is not None
            remote = process.stdout.readline().strip()
        await _listening(ports)
        await asyncio.sleep(1.0)  # its dial and stream have no event to wait for
        async with (
            _connect(f"ws://127.0.0.1:{ports[0]}") as a,
            _connect(f"ws://127.0.0.1:{ports[1]}") as b,
        ):
            return await measure(
                a, b, lambda n: json.dumps(position(n)), seconds=SECONDS, count=COUNT
            )
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def ours(folder: Path, synchronous: str) -> tuple[Figures, dict[str, float]]:
    """One run of two nodes, with schema, limits, log and journal on."""
    folder.mkdir()
    config = folder / "goop.toml"
    config.write_text(CONFIG.format(synchronous=synchronous))
    begin = time.perf_counter()
    alice = start_node(folder / "alice", "--config", str(config))
    extra = {"start s": time.perf_counter() - begin}
    bob = start_node(folder / "bob", "--config", str(config), peer=alice)
    try:
        await _discovered(alice, bob)
        async with (
            _connect(alice.ws_url, additional_headers=alice.headers) as a,
            _connect(bob.ws_url, additional_headers=bob.headers) as b,
        ):
            channel, extra["connect ms"] = await _open(alice, bob, a, b)

            def wrap(n: int) -> str:
                return json.dumps({"type": "send", "channel": channel, "data": position(n)})

            figures = await measure(a, b, wrap, seconds=SECONDS, count=COUNT)
        extra["idle cpu %"] = await _idle(alice)
        extra["resident MiB"] = _memory(alice)
        return figures, extra
    finally:
        bob.stop()
        alice.stop()


async def _open(alice: NodeProcess, bob: NodeProcess, a: Any, b: Any) -> tuple[str, float]:
    for page in (a, b):
        await page.send('{"type":"subscribe"}')
        await page.recv()
    async with httpx.AsyncClient() as http:
        start = time.perf_counter()
        asked = await http.post(
            f"{alice.url}/api/realtime/request",
            headers=alice.headers,
            json={"peerId": bob.peer_id, "context": "arcade_1"},
        )
        channel: str = asked.json()["channelId"]
        await b.recv()
        took = (time.perf_counter() - start) * 1000
        await http.post(
            f"{bob.url}/api/realtime/accept", headers=bob.headers, json={"channelId": channel}
        )
    while '"connected"' not in await a.recv():
        pass
    return channel, took


async def _discovered(alice: NodeProcess, bob: NodeProcess) -> None:
    async with httpx.AsyncClient() as http:
        for node in (alice, bob):
            while not any(
                row["online"]
                for row in (await http.get(f"{node.url}/api/peers", headers=node.headers)).json()
            ):
                await asyncio.sleep(0.05)


async def _idle(node: NodeProcess, seconds: float = 10.0) -> float:
    """Per cent of a core that the node uses while nothing happens."""

    def ticks() -> int:
        fields = Path(f"/proc/{node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    await asyncio.sleep(seconds)
    return (ticks() - before) / seconds


def _memory(node: NodeProcess) -> float:
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    return int(next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1]) / 1024


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _listening(ports: list[int]) -> None:
    for port in ports:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)


def _row(name: str, runs: list[Figures]) -> Figures:
    middle = Figures(
        *(
            statistics.median(getattr(run, field) for run in runs)
            for field in ("median_ms", "p99_ms", "rate")
        )
    )
    low, high = min(run.rate for run in runs), max(run.rate for run in runs)
    print(
        f"{name:22} median {middle.median_ms:6.2f} ms   p99 {middle.p99_ms:6.2f} ms   "
        f"{middle.rate:8,.0f}/s ({low:,.0f} to {high:,.0f})"
    )
    return middle


async def main() -> None:
    """The table."""
    print(f"{PAIRS} pairs; {SECONDS:.0f} s at 50/s, then {COUNT} messages; rate limit 1,000,000/s")
    relays, normal, full = [], [], []
    extra: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(PAIRS):
            relays.append(await relay())
            figures, extra = await ours(Path(folder) / f"n{pair}", "NORMAL")
            normal.append(figures)
            if pair < 2:
                full.append((await ours(Path(folder) / f"f{pair}", "FULL"))[0])
    base = _row("bare relay", relays)
    mine = _row("node, NORMAL", normal)
    _row("node, FULL", full)
    print(
        f"latency {mine.median_ms / base.median_ms:.2f} × the relay's (at most 1.75 journalled), "
        f"rate {mine.rate / base.rate:.2f} × (at least 0.5 journalled)"
    )
    print("   ".join(f"{name} {value:.1f}" for name, value in extra.items()))


if __name__ == "__main__":
    asyncio.run(main())
