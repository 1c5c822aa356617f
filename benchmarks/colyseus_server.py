# SPDX-License-Identifier: MIT
"""The same players beside a Colyseus server, which is installed for that into ``colyseus/``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from benchmarks import npm
from benchmarks.ages import Ages
from goop_node.testing.ports import free_port

FOLDER = Path(__file__).with_name("colyseus")
START_SECONDS = 30


def missing() -> str | None:
    """Why it cannot be measured; installs it where it is not there yet."""
    return npm.missing(FOLDER)


async def positions(players: int, seconds: float) -> Ages:
    """How old positions are."""
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *("node", "server.mjs", str(port)), cwd=FOLDER, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        await asyncio.wait_for(server.stdout.readline(), START_SECONDS)
        them = await asyncio.create_subprocess_exec(
            *("node", "players.mjs", str(port), str(players), str(seconds)),
            cwd=FOLDER,
            stdout=asyncio.subprocess.PIPE,
            limit=2**26,
        )
        told, _ = await asyncio.wait_for(them.communicate(), START_SECONDS + seconds)
        return Ages(**json.loads(told))
    finally:
        server.kill()
        await server.wait()
