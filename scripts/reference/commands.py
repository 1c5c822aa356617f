# SPDX-License-Identifier: MIT
"""The page of the ``goop`` command: every command, its arguments and flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from goop_node.cli.main import brought_parser, make_parser
from goop_node.cli.plugin_commands import brought
from goop_node.commands import Command
from scripts.reference.markdown import MADE, UndocumentedError, prose, table


def commands_page() -> str:
    """The page."""
    parts = [
        "# The `goop` command\n",
        f"{MADE}\n",
        "Exit codes: 0 all is well; 1 a node or command that had begun has failed, or something "
        "was found; 2 what was asked for, or `goop.toml`, is wrong, and nothing has begun.\n",
    ]
    whole = make_parser()
    parts += ["## For all commands\n", _arguments("goop", whole)]
    shared = {flag for action in _shown(whole) for flag in action.option_strings}
    for name, (said, parser) in sorted(commands_of(whole).items()):
        parts += [f"## `goop {name}`\n", f"{_sentence(prose(said, name))}\n"]
        rows = _arguments(f"goop {name}", parser, without=shared)
        if rows:
            parts.append(rows)
    return "\n".join(parts)


def commands_of(whole: argparse.ArgumentParser) -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """Every command: what it is for, and its parser."""
    (action,) = (one for one in whole._actions if isinstance(one, argparse._SubParsersAction))
    said = {one.dest: one.help or "" for one in action._choices_actions}
    found = {name: (said[name.split()[0]], parser) for name, parser in action.choices.items()}
    for candidate in brought(()):
        command = candidate.load()
        if isinstance(command, Command):
            parser = brought_parser(candidate.name)
            command.arguments(parser)
            found[candidate.name] = (command.help, parser)
    return found


def _shown(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        hidden = action.help == argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction)
        if not hidden:
            yield action


def _arguments(name: str, parser: argparse.ArgumentParser, without: set[str] | None = None) -> str:
    rows = []
    for action in _shown(parser):
        if without and set(action.option_strings) & without:
            continue
        if not action.help and not (action.metavar and not action.option_strings):
            raise UndocumentedError(f"{name}: {action.dest} has no help")
        rows.append((f"`{_spelled(action)}`", prose(action.help or "needed", action.dest)))
    return table(("", ""), rows) if rows else ""


def _spelled(action: argparse.Action) -> str:
    value = str(action.metavar or "")
    if not value and action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return value or action.dest
    if not value and action.nargs != 0:
        value = action.dest.upper()
    return ", ".join(f"{flag} {value}".strip() for flag in action.option_strings)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
