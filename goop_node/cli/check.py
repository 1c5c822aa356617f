# SPDX-License-Identifier: MIT
"""``goop check``: whether a node could start like this, and how good a plugin is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from goop_node.cli.findings import tell
from goop_node.cli.plugins import examine
from goop_node.config.model import NodeConfig
from goop_node.findings import Finding, note, ok, wrong
from goop_node.log_format import say
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.plugins.faults import at


def check(
    config: NodeConfig,
    candidates: Sequence[Candidate],
    complaints: Sequence[str] = (),
    scratch: Path | None = None,
    *,
    as_json: bool = False,
) -> int:
    """Say whether a node could start like this. Returns 0, or 1 when a plugin would fail, or a
    template's manifest has mistakes.

    Warnings, those of ``complaints`` about the Python environment among them, do not count.
    ``scratch`` is a folder for the node's data.

    Raises ``StartError`` for mistakes in the configuration.
    """
    node = examine(config, candidates, scratch)
    statuses = node.plugin_status()
    if as_json:
        return tell(_findings(node, complaints), as_json=True)
    for complaint in complaints:
        say(f"warning: {complaint}", error=True)
    for one in statuses:
        for warning in one.warnings:
            say(f"plugin {one.name}: warning: {warning}", error=True)
    failed = [one for one in statuses if one.error]
    for one in failed:
        say(f"plugin {one.name}: {one.error}{at(one.place)}", error=True)
    for _, line in node.shelf.flaws:
        say(line, error=True)
    if failed or node.shelf.flaws:
        return 1
    where = str(config.source) if config.source else "The defaults"
    say(f"{where}: no mistakes; plugins: {', '.join(sorted(config.plugins)) or 'none'}")
    return 0


def gate(config: NodeConfig, plugin: str, *, quick: bool = False, as_json: bool = False) -> int:
    """Look closely at an installed plugin. Returns 0, or 1 where something is wrong.

    Raises ``StartError`` where there is no such plugin.
    """
    from goop_node.gate.process import findings

    return tell(findings(config, plugin, quick=quick), as_json=as_json)


def _findings(node: Node, complaints: Sequence[str]) -> Iterator[Finding]:
    for complaint in complaints:
        yield note("environment", complaint)
    for one in node.plugin_status():
        for warning in one.warnings:
            yield note(one.name, warning)
        if one.error:
            yield wrong(one.name, one.error, place=one.place)
        else:
            yield ok(one.name, "it takes part")
    for template, line in node.shelf.flaws:
        yield wrong(template, line)
