# SPDX-License-Identifier: MIT
"""``goop doctor``: prints what was found, and says whether something is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from goop_node.cli.client import LocalNode
from goop_node.cli.findings import contained, tell
from goop_node.config.model import NodeConfig
from goop_node.data.ready import read_ready
from goop_node.doctor import GROUP, machine, running
from goop_node.findings import Finding, note
from goop_node.plugins.environment import Candidate, from_packages


def doctor(config: NodeConfig, *, as_json: bool) -> int:
    """Look at everything. Returns 0, or 1 where something is wrong."""
    return tell(_findings(config), as_json=as_json)


def _findings(config: NodeConfig) -> Iterator[Finding]:
    node = LocalNode(config.data)
    runs = bool(read_ready(config.data))
    yield from contained("machine", lambda: machine.look(config, running=runs))
    if not runs:
        yield note("node", f"none runs on {config.data}", "goop run, then this again")
        return
    yield from contained("node", lambda: running.look(node))
    for candidate in from_packages(GROUP):
        yield from contained(candidate.name, partial(_look, candidate, node))


def _look(candidate: Candidate, node: LocalNode) -> Iterable[Finding]:
    look: Any = candidate.load()  # a package may bring anything: what goes wrong is told
    found: Iterable[Finding] = look(node)
    return found
