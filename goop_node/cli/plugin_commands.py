# SPDX-License-Identifier: MIT
"""Commands that installed packages bring: see ``goop_node/commands.py``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from goop_node.cli.client import LocalNode
from goop_node.commands import Command
from goop_node.config.model import StartError
from goop_node.plugins.blame import describe, place_of
from goop_node.plugins.environment import Candidate, from_packages

GROUP = "goop_node.commands"


def brought(own: Iterable[str]) -> tuple[Candidate, ...]:
    """The commands of packages; ``own`` are the names of the host's, which nobody takes."""
    return tuple(one for one in from_packages(GROUP) if one.name not in own)


def call(candidate: Candidate, parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Run a package's command. Returns the exit code; raises ``StartError``.

    ``options.rest`` is what was said behind its name, and ``options.config_of`` reads goop.toml.
    """
    who = f"goop {candidate.name} (of {candidate.distribution})"
    try:
        command = candidate.load()
        if not isinstance(command, Command):
            raise TypeError(f"expected a goop_node.commands.Command, not {type(command).__name__}")
        parser.description = command.help
        command.arguments(parser)
        parsed = parser.parse_args(options.rest)
        return int(command.run(parsed, LocalNode(options.config_of(parsed).data)))
    except StartError:
        raise
    except Exception as error:
        at = place_of(error, candidate.module.partition(".")[0])
        reason = f"{describe(error)}{f' at {at}' if at else ''}"
        raise StartError([f"{who} failed: {reason}"], code="command_failed") from error
