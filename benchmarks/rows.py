# SPDX-License-Identifier: MIT
"""The rows of the page-to-page table: what carries the messages from one WebSocket to another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets

from benchmarks.load import Figures, Wire, measure, middle_and_p99
from benchmarks.processes import cpu_seconds, module, nodes, relays
from goop_node.testing import NodeProcess
from tests.node.page import Page

CONTEXT = "field_1"
OPEN_SECONDS = 20.0


@dataclass(frozen=True)
class Run:
    """How long a run is, and a folder that is not there yet, for its data."""

    folder: Path
    seconds: float
    count: int


async def relay(run: Run) -> Figures:
    """The bare relay: WebSocket, stream, WebSocket, and nothing else."""
    async with (
        relays() as [(first, a_pid), (second, b_pid)],
        connect(f"ws://127.0.0.1:{first}") as a,
        connect(f"ws://127.0.0.1:{second}") as b,
    ):
        # What is sent before its stream stands waits for it.
        await a.send('{"type":"first"}')
        async with asyncio.timeout(OPEN_SECONDS):
            await b.recv()
        wire = Wire(a, b, {"sender's": a_pid, "receiver's": b_pid})
        return await measure(wire, seconds=run.seconds, count=run.count)


async def echo(run: Run) -> Figures:
    """py-libp2p by itself, without WebSockets: half a round trip, and messages there and back."""
    with module("benchmarks.libp2p_echo") as there:
        assert there.stdout is not None
        address = there.stdout.readline().strip()
        with module("benchmarks.libp2p_echo", address, str(run.seconds), str(run.count)) as here:
            assert here.stdout is not None
            line = await asyncio.to_thread(here.stdout.readline)
            found = json.loads(line)
        # Of every message that came: the warm-up and the paced ones are among them.
        came = run.count + run.count // 4 + len(found["half_ms"])
        there_us = cpu_seconds(there.pid) / came * 1e6
    return Figures(
        *middle_and_p99(found["half_ms"]),
        rate=run.count / found["seconds"],
        cpu_us={"client": found["cpu_us"], "receiver's": there_us},
    )


def node(
    settings: str, *, guest: bool = False, receipts: bool = False
) -> Callable[[Run], Awaitable[Figures]]:
    """Two nodes: validation, limits, log. With ``guest`` the side sends that did not open; with
    ``receipts`` the receiver acknowledges and the sender hears of it, as with the SDK."""

    async def row(run: Run) -> Figures:
        async with node_wire(run.folder, settings, guest=guest, receipts=receipts) as wire:
            return await measure(wire, seconds=run.seconds, count=run.count)

    return row


@asynccontextmanager
async def node_wire(
    folder: Path, settings: str, *, guest: bool, receipts: bool
) -> AsyncIterator[Wire]:
    """A channel between the pages of two nodes, on plain WebSockets."""
    async with nodes(folder, settings) as (alice, bob):
        channel = await open_channel(alice, bob)
        here, there = (bob, alice) if guest else (alice, bob)
        async with (
            connect(here.ws_url, additional_headers=here.headers) as a,
            connect(there.ws_url, additional_headers=there.headers) as b,
        ):
            for socket in (a, b):
                await socket.send(json.dumps({"type": "subscribe", "ack": receipts}))
                async with asyncio.timeout(OPEN_SECONDS):
                    while '"connected"' not in await socket.recv():
                        pass
            yield Wire(
                a,
                b,
                {"sender's": here.process.pid, "receiver's": there.process.pid},
                before=f'{{"type":"send","channel":"{channel}","data":',
                after="}",
                ack=_ack if receipts else None,
            )


def _ack(text: str) -> str:
    frame = json.loads(text)
    return json.dumps({"type": "ack", **{key: frame[key] for key in ("channel", "epoch", "seq")}})


async def open_channel(alice: NodeProcess, bob: NodeProcess) -> str:
    """A channel that Alice's node hosts, with no page open any more; its id."""
    async with Page.open(alice) as opener, Page.open(bob) as other:
        return await opener.ask(other, context=CONTEXT)


def connect(url: str, **more: Any) -> Any:
    """A WebSocket as this process's pages use it."""
    return websockets.connect(url, max_size=None, compression=None, **more)


ROWS: dict[str, tuple[str, Callable[[Run], Awaitable[Figures]]]] = {
    "relay": ("bare relay", relay),
    "echo": ("raw py-libp2p echo", echo),
    "none": ("node, no journal", node("journal = false")),
    "normal": ("node, NORMAL", node('synchronous = "NORMAL"')),
    "full": ("node, FULL", node('synchronous = "FULL"')),
    "guest": ("node, NORMAL, guest", node('synchronous = "NORMAL"', guest=True)),
    "receipts": ("node, NORMAL, receipts", node('synchronous = "NORMAL"', receipts=True)),
}
"""By the name that ``--only`` takes: what the table calls it, and one run of it."""
