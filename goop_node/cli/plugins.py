# SPDX-License-Identifier: MIT
"""``goop plugins``: what a node would make of its configuration.

It builds a whole node in a throw-away data folder and starts nothing of it, in a process of its
own: a plugin that ends that, or takes too long, is named like any other that fails.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from goop_node.config.model import NodeConfig
from goop_node.log_format import say
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.plugins.faults import at
from goop_node.plugins.loading import MARKER, Loading
from goop_node.plugins.status import PluginStatus
from goop_node.templates.library import Library
from goop_node.web.app import create_app


def in_own_process(arguments: Sequence[str]) -> int:
    """Run ``goop`` with these arguments and a folder for its data. Returns the exit code.

    Where a plugin ends that process it is run once more without the plugin, which it names.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-m", "goop_node", *arguments, "--scratch"]
    with tempfile.TemporaryDirectory(prefix="goop-check-") as folder:
        for _ in range(2):
            code = subprocess.call([*command, folder], env=environment)
            if not (Path(folder) / MARKER).exists():
                return code
        suspect = Loading(Path(folder)).suspect or ("?", "?")
    say(f"plugin {suspect[0]}: the process ended in {suspect[1]}, too", error=True)
    return 1


def print_plugins(
    config: NodeConfig,
    candidates: Sequence[Candidate],
    complaints: Sequence[str] = (),
    scratch: Path | None = None,
) -> int:
    """Print the table of plugins, what is not enabled, and what failed. Returns 0.

    ``complaints`` are about the Python environment, ``scratch`` is a folder for the node's data.

    Raises ``StartError`` for mistakes in the configuration.
    """
    statuses = examine(config, candidates, scratch).plugin_status()
    if statuses:
        rows: list[tuple[str, ...]] = [
            ("NAME", "VERSION", "DISTRIBUTION", "STATUS", "HOOKS", "BRINGS")
        ]
        rows += [_row(one) for one in statuses]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            say("  ".join(cells).rstrip())
    else:
        say("No plugin is enabled.")
    for one in statuses:
        if one.error:
            say()
            say(f"{one.name}: {one.error}{at(one.place)}")
            if one.needed_by:
                say(f"  needed by: {', '.join(one.needed_by)}")
        for warning in one.warnings:
            say()
            say(f"{one.name}: warning: {warning}")
    for complaint in complaints:
        say()
        say(f"warning: {complaint}")
    rest = [one for one in candidates if one.name not in config.plugins]
    if rest:
        say()
        say(f"Installed but not enabled; to enable, add to {config.source_name}:")
        for candidate in rest:
            say(f"[plugins.{candidate.name}]  # {_origin(candidate)}")
    return 0


def examine(config: NodeConfig, candidates: Sequence[Candidate], scratch: Path | None) -> Node:
    """Build a node and its web application. Raises ``StartError`` for mistakes."""
    logger = logging.getLogger("goop_node.plugins")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the commands print what failed themselves
    try:
        with tempfile.TemporaryDirectory(prefix="goop-check-") as folder:
            library = Library(config.data)
            config = dataclasses.replace(config, data=scratch or Path(folder))
            node = Node(config, candidates, library)
            create_app(node)
            return node
    finally:
        logger.setLevel(level)


def _row(one: PluginStatus) -> tuple[str, ...]:
    brings = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in sorted(one.brings.items()))
    hooks = ", ".join(one.hooks) or "-"
    return (one.name, one.version or "-", one.distribution or "-", one.status, hooks, brings or "-")


def _origin(candidate: Candidate) -> str:
    return f"{candidate.distribution} {candidate.version}".strip() or "no distribution"
