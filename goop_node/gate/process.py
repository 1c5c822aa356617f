# SPDX-License-Identifier: MIT
"""Visits in processes of their own, which may end, hang, or eat all memory: that is told, too.

A visit's folder has what it is asked for, the looks it has begun, and what it has found so far.
Where its process ends too early another one goes on with the next look.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from goop_node.cli.findings import fitted
from goop_node.config.file import load_config
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.kept_files import write_kept
from goop_node.findings import Finding, wrong
from goop_node.gate.visit import NAMES, looks, needed, visit
from goop_node.lifetime import run_to_end
from goop_node.plugins.blame import file_of
from goop_node.plugins.environment import Candidate, installed
from goop_node.plugins.interrupts import interruptible
from goop_node.plugins.last_words import FILE, LastWords, place_in

LIMIT_SECONDS = 60.0
"""How long one step of a look may take."""
MEMORY = 2 * 1024**3
"""Bytes that a visit's process may have, where the system counts them."""
ASKED, BEGUN, FOUND, OVER = "asked.json", "begun.txt", "found.jsonl", "over"
ALWAYS = ("start", "end")
"""What a process that goes on has to do again."""


def findings(
    config: NodeConfig, plugin: str, *, quick: bool = False, limit: float = LIMIT_SECONDS
) -> Iterator[Finding]:
    """All that is found at an installed plugin. Raises ``StartError`` where there is none."""
    candidate = _installed(plugin)
    told: set[Finding] = set()
    with tempfile.TemporaryDirectory(prefix="goop-check-") as name:
        top = Path(name)
        for number, peer in enumerate(NAMES):
            folder = top / peer
            folder.mkdir()
            asked = {
                "plugin": plugin,
                "config": str(config.source) if config.source else None,
                "shared": str(top),
                "first": number == 0,
                "quick": quick,
                "limit": limit,
            }
            write_kept(folder / ASKED, asked, durable=False)
            for one in _visited(folder, number + 1, candidate, limit):
                if one not in told:
                    told.add(one)
                    yield one


def _visited(folder: Path, seed: int, candidate: Candidate, limit: float) -> Iterator[Finding]:
    paths = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-P", "-m", "goop_node.gate", str(folder)]
    begun, found = folder / BEGUN, folder / FOUND
    begun.touch()
    found.touch()
    read = 0
    while True:
        # What the plugin prints is no finding.
        code = subprocess.call(command, env=environment, stdin=subprocess.DEVNULL, stdout=2)
        lines = found.read_text(encoding="utf-8").splitlines()
        for line in lines[read:]:
            yield fitted(Finding(**json.loads(line)))
        read = len(lines)
        if code == 0 and (folder / OVER).exists():
            return  # a plugin that ends the process may call that a success
        what = (begun.read_text(encoding="utf-8").split() or ["start"])[-1]
        place = place_in(folder / FILE, file_of(candidate.module))
        yield wrong(what, _ending(folder, code, limit), place=place)
        if what in ALWAYS or what == looks()[-1][0]:
            return


def _ending(folder: Path, code: int, limit: float) -> str:
    words = (folder / FILE).read_text(errors="replace") if (folder / FILE).exists() else ""
    if words.startswith("Timeout"):
        return f"it took more than {limit:g} s, in which a node does nothing else"
    if code < 0:
        return f"the process ended by {signal.Signals(-code).name}"
    return f"it ended the process, with exit code {code}"


def _installed(plugin: str) -> Candidate:
    known = {one.name: one for one in installed().plugins}
    if plugin not in known:
        names = ", ".join(sorted(known)) or "none"
        raise StartError([f"no plugin {plugin} is installed; there are: {names}"])
    return known[plugin]


def main(folder: Path) -> int:
    """A visit, in this process, as the files in ``folder`` say."""
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    logging.disable(logging.CRITICAL)  # the findings say it
    _bound_memory()
    every = installed().plugins
    chosen = needed(next(one for one in every if one.name == asked["plugin"]), every)
    path = Path(asked["config"]) if asked["config"] else None
    tables = load_config(path, installed=[one.name for one in every]).plugins
    config = NodeConfig(
        data=folder / "data",
        label=folder.name,
        plugins={one.name: tables.get(one.name, {}) for one in chosen},
        source=path,
    )
    over = set((folder / BEGUN).read_text(encoding="utf-8").split()) - set(ALWAYS)
    with (
        (folder / BEGUN).open("a", encoding="utf-8", buffering=1) as begun,
        (folder / FOUND).open("a", encoding="utf-8", buffering=1) as found,
        LastWords(folder) as words,
        interruptible(),
    ):

        def beat() -> None:
            words.within(asked["limit"])

        def begin(name: str) -> bool:
            beat()
            if name in over:
                return False
            begun.write(f"{name}\n")
            return True

        async def look() -> None:
            async for one in visit(
                config,
                chosen,
                asked["plugin"],
                Path(asked["shared"]),
                first=asked["first"],
                quick=asked["quick"],
                begin=begin,
                beat=beat,
            ):
                found.write(json.dumps(dataclasses.asdict(one)) + "\n")

        loop = asyncio.new_event_loop()
        run_to_end(loop, loop.create_task(look()))
        (folder / OVER).touch()
    return 0


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:
        return  # Windows
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
