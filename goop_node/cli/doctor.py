# SPDX-License-Identifier: MIT
"""``goop doctor``: prints what was found, and says whether something is wrong."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from goop_node.cli.client import LocalNode
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.ready import read_ready
from goop_node.doctor import machine, running
from goop_node.doctor.findings import GROUP, Finding, note, wrong
from goop_node.escaping import escaped
from goop_node.log_format import say
from goop_node.plugins.blame import describe
from goop_node.plugins.crossings import fit
from goop_node.plugins.environment import Candidate, from_packages

WIDTH = 10


def doctor(config: NodeConfig, *, as_json: bool) -> int:
    """Look at everything. Returns 0, or 1 where something is wrong."""
    found = []
    for one in _findings(config):
        found.append(one)
        if not as_json:
            say(f"{one.level:5}  {one.what:{WIDTH}}  {one.words}")
            if one.do:
                say(f"{'':5}  {'':{WIDTH}}  → {one.do}")
    if as_json:
        say(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    return 1 if any(one.level == "wrong" for one in found) else 0


def _findings(config: NodeConfig) -> Iterator[Finding]:
    node = LocalNode(config.data)
    runs = bool(read_ready(config.data))
    yield from _contained("machine", lambda: machine.look(config, running=runs))
    if not runs:
        yield note("node", f"none runs on {config.data}", "goop run, then this again")
        return
    yield from _contained("node", lambda: running.look(node))
    for candidate in from_packages(GROUP):
        yield from _contained(candidate.name, partial(_look, candidate, node))


def _look(candidate: Candidate, node: LocalNode) -> Iterable[Finding]:
    look: Any = candidate.load()  # a package may bring anything: what goes wrong is told
    found: Iterable[Finding] = look(node)
    return found


def _contained(what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a look finds; where it fails, that."""
    try:
        for one in look():
            told: Finding = fit(one, Finding, "what was found")
            yield dataclasses.replace(told, words=escaped(told.words), do=escaped(told.do))
    except StartError as error:
        yield wrong(what, "; ".join(error.lines))
    except (Exception, SystemExit) as error:
        yield wrong(what, f"could not be looked at: {describe(error)}")
