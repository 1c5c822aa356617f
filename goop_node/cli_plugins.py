# SPDX-License-Identifier: MIT
"""``goop plugins`` and ``goop check``: what a node would make of its configuration.

Both build a whole node in a throw-away data folder and start nothing of it.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from goop_node.config import NodeConfig
from goop_node.environment import Candidate
from goop_node.faults import at
from goop_node.node import Node
from goop_node.plugin_loader import PluginStatus


def print_plugins(
    config: NodeConfig, candidates: Sequence[Candidate], complaints: Sequence[str] = ()
) -> int:
    """Print the table of plugins, what is not enabled, and what failed. Returns 0.

    ``complaints`` are about the Python environment.

    Raises ``StartError`` for mistakes in the configuration.
    """
    statuses = _examine(config, candidates)
    if statuses:
        rows: list[tuple[str, ...]] = [
            ("NAME", "VERSION", "DISTRIBUTION", "STATUS", "HOOKS", "BRINGS")
        ]
        rows += [_row(one) for one in statuses]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())
    else:
        print("No plugin is enabled.")
    for one in statuses:
        if one.error:
            print(f"\n{one.name}: {one.error}{at(one.place)}")
            if one.needed_by:
                print(f"  needed by: {', '.join(one.needed_by)}")
        for warning in one.warnings:
            print(f"\n{one.name}: warning: {warning}")
    for complaint in complaints:
        print(f"\nwarning: {complaint}")
    rest = [one for one in candidates if one.name not in config.plugins]
    if rest:
        print(f"\nInstalled but not enabled; to enable, add to {config.source_name}:")
        for candidate in rest:
            print(f"[plugins.{candidate.name}]  # {_origin(candidate)}")
    return 0


def check(
    config: NodeConfig, candidates: Sequence[Candidate], complaints: Sequence[str] = ()
) -> int:
    """Say whether a node could start like this. Returns 0, or 1 when a plugin would fail.

    Warnings, those of ``complaints`` about the Python environment among them, do not count.

    Raises ``StartError`` for mistakes in the configuration.
    """
    statuses = _examine(config, candidates)
    for complaint in complaints:
        print(f"warning: {complaint}", file=sys.stderr)
    for one in statuses:
        for warning in one.warnings:
            print(f"plugin {one.name}: warning: {warning}", file=sys.stderr)
    failed = [one for one in statuses if one.error]
    for one in failed:
        print(f"plugin {one.name}: {one.error}{at(one.place)}", file=sys.stderr)
    if failed:
        return 1
    where = str(config.source) if config.source else "The defaults"
    print(f"{where}: no mistakes; plugins: {', '.join(sorted(config.plugins)) or 'none'}")
    return 0


def _examine(config: NodeConfig, candidates: Sequence[Candidate]) -> list[PluginStatus]:
    logger = logging.getLogger("goop_node.plugins")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the commands print what failed themselves
    try:
        with tempfile.TemporaryDirectory(prefix="goop-check-") as folder:
            scratch = dataclasses.replace(config, data=Path(folder))
            return Node(scratch, candidates).plugin_status()
    finally:
        logger.setLevel(level)


def _row(one: PluginStatus) -> tuple[str, ...]:
    brings = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in sorted(one.brings.items()))
    hooks = ", ".join(one.hooks) or "-"
    return (one.name, one.version or "-", one.distribution or "-", one.status, hooks, brings or "-")


def _origin(candidate: Candidate) -> str:
    return f"{candidate.distribution} {candidate.version}".strip() or "no distribution"
