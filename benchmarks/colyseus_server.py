# SPDX-License-Identifier: MIT
"""The same players beside a Colyseus server, which is installed for that into ``colyseus/``."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.ages import Ages
from benchmarks.processes import free_port

FOLDER = Path(__file__).with_name("colyseus")
INSTALL_SECONDS = 300
START_SECONDS = 30


def missing() -> str | None:
    """Why it cannot be measured; installs it where it is not there yet."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "needs Node.js and npm"
    if (FOLDER / "node_modules" / "@colyseus" / "core").exists():
        return None
    # Its optional parts come from elsewhere than the registry, and are not used.
    command = ["npm", "install", "--no-audit", "--no-fund", "--legacy-peer-deps"]
    done = subprocess.run(
        [*command, "--no-package-lock", "--omit=optional"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    return f"npm could not install it: {done.stderr[-300:]}" if done.returncode else None


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
