# SPDX-License-Identifier: MIT
"""The ``goop`` command: reads the options and hands over to one module per command."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from goop_node import __version__
from goop_node.cli.plugin_commands import brought
from goop_node.config.file import load_config
from goop_node.config.model import NodeConfig, StartError
from goop_node.log_format import FORMATS, say
from goop_node.plugins.environment import installed
from goop_node.plugins.interrupts import Interrupted, interruptible
from goop_node.plugins.last_words import LastWords

MISTAKE = 2
"""The exit code of everything that is wrong before a node starts."""
PATIENCE = 60.0
"""Seconds that plugins may take to be looked at."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of the usage and a line."""
        self.exit(MISTAKE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``argv`` (default: the process's own). Returns the exit code."""
    parser = make_parser()
    options, rest = parser.parse_known_args(argv)
    if rest and options.command is not _brought:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    options.arguments = sys.argv[1:] if argv is None else argv
    # Loggers of libraries stay quiet unless something is wrong.
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATS[options.log_format]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("goop_node").setLevel(logging.DEBUG if options.verbose else logging.INFO)
    try:
        with interruptible():
            return int(options.command(options))
    except StartError as error:
        for line in error.lines:
            say(line, error=True)
        return MISTAKE
    except Interrupted as interrupt:
        return 128 + interrupt.number
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """The parser of every command, those of packages without their own arguments."""
    parser = _Parser(prog="goop", description="A peer node for browser pages.")
    parser.add_argument("--version", action="version", version=f"goop-node {__version__}")
    parser.set_defaults(verbose=False, log_format="text")
    _log_options(parser)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start a node")
    _config_options(run)
    run.add_argument("--data", metavar="DIR", help="where the node keeps its files")
    run.add_argument("--http", metavar="HOST:PORT", help="address of the pages (port 0: any)")
    run.add_argument(
        "--listen", action="append", metavar="MULTIADDR", help="address for other nodes"
    )
    run.add_argument("--peer", action="append", metavar="MULTIADDR", help="a node to connect to")
    run.add_argument("--label", metavar="NAME", help="the name that people see")
    run.add_argument(
        "--template", action="append", metavar="DIR", help="a folder of pages to serve"
    )
    run.add_argument(
        "--dev", action="store_true", help="start anew when a plugin's files change (docs/dev.md)"
    )
    run.add_argument("--tether", type=int, help=argparse.SUPPRESS)  # for the node of --dev
    # Kept for later: nodes do not look for each other on the LAN yet.
    run.add_argument(
        "--no-mdns", action="store_true", help="neither find nor tell others on the local network"
    )
    run.set_defaults(command=_run)

    demo = commands.add_parser("demo", help="start Alice and Bob on this machine")
    demo.add_argument("folder", nargs="?", metavar="DIR", help="a folder of pages to serve too")
    demo.add_argument("--no-browser", action="store_true", help="only print the addresses")
    demo.set_defaults(command=_demo)

    init = commands.add_parser("init", help="write a commented goop.toml of what is installed")
    init.set_defaults(command=_init)

    plugins = commands.add_parser("plugins", help="list the plugins and what became of them")
    _examination_options(plugins)
    plugins.set_defaults(command=_plugins)

    check = commands.add_parser("check", help="validate goop.toml and the plugins")
    _examination_options(check)
    check.add_argument("--json", action="store_true", help="print what was found for programs")
    check.add_argument("--plugin", metavar="NAME", help="look closely at one installed plugin")
    check.add_argument("--quick", action="store_true", help="less of what takes long")
    check.set_defaults(command=_check)

    add = commands.add_parser("add", help="add a template: a ZIP file or a folder of pages")
    add.add_argument("source", type=Path, metavar="ZIP|DIR")
    add.add_argument("--name", default="", help="its name; default: that of the file or folder")
    _library_options(add)
    add.set_defaults(command=_add)

    remove = commands.add_parser("remove", help="take away a template that was added")
    remove.add_argument("name", metavar="NAME")
    data = remove.add_mutually_exclusive_group()
    data.add_argument(
        "--delete-data", action="store_true", default=None, help="and its channels and rooms"
    )
    data.add_argument("--keep-data", dest="delete_data", action="store_false", help="but not those")
    _library_options(remove)
    remove.set_defaults(command=_remove)

    doctor = commands.add_parser("doctor", help="look at what may keep others, or messages, away")
    doctor.add_argument("--config", metavar="FILE", help="default: ./goop.toml, if there is one")
    doctor.add_argument("--data", metavar="DIR", help="where the node keeps its files")
    doctor.add_argument("--json", action="store_true", help="print what was found for programs")
    doctor.set_defaults(command=_doctor)
    for command in (run, demo, init, plugins, check, add, remove, doctor):
        _log_options(command)
    for candidate in brought(commands.choices):
        name = candidate.name
        command = commands.add_parser(name, help=f"of {candidate.distribution}", add_help=False)
        command.set_defaults(command=_brought, candidate=candidate)
        _log_options(command)
    return parser


def _log_options(parser: argparse.ArgumentParser) -> None:
    """Options that stand before the command or behind it; there they set no defaults."""
    unset: Any = argparse.SUPPRESS
    parser.add_argument(
        "-v", "--verbose", action="store_true", default=unset, help="log more: what is tried too"
    )
    parser.add_argument(
        "--log-format", choices=tuple(FORMATS), default=unset, help="how the log is written"
    )


def _config_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="default: ./goop.toml, if there is one")
    parser.add_argument("--strict", action="store_true", help="a failing plugin ends the node")


def _library_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="default: ./goop.toml, if there is one")
    parser.add_argument("--data", metavar="DIR", help="where the node keeps its files")
    parser.add_argument("--yes", action="store_true", help="ask nothing, for scripts")


def _examination_options(parser: argparse.ArgumentParser) -> None:
    _config_options(parser)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)


def _config(options: argparse.Namespace) -> NodeConfig:
    given = {
        f"--{name.replace('_', '-')}": getattr(options, name, None)
        for name in ("data", "http", "listen", "peer", "label", "template", "no_mdns", "strict")
    }
    path = Path(options.config) if options.config is not None else None
    config = load_config(path, given, installed=[one.name for one in installed().plugins])
    return replace(config, dev=getattr(options, "dev", False))


def _run(options: argparse.Namespace) -> int:
    if options.dev:
        from goop_node.dev import start

        if options.tether is not None:
            return start.run_tethered(options.tether, partial(_config, options))
        return start.run_dev(options.arguments, partial(_config, options))
    from goop_node.cli.run import run

    return run(_config(options))


def _demo(options: argparse.Namespace) -> int:
    from goop_node.cli.demo import demo

    logs = [f"--log-format={options.log_format}", *(["--verbose"] if options.verbose else [])]
    folder = Path(options.folder) if options.folder else None
    return demo(folder, browser=not options.no_browser, logs=logs)


def _init(options: argparse.Namespace) -> int:
    from goop_node.cli.init import init

    return init(Path.cwd(), installed().plugins)


def _plugins(options: argparse.Namespace) -> int:
    from goop_node.cli.plugins import print_plugins

    return _examined(options, print_plugins)


def _check(options: argparse.Namespace) -> int:
    from goop_node.cli.check import check, gate

    if options.plugin is not None:
        return gate(_config(options), options.plugin, quick=options.quick, as_json=options.json)
    return _examined(options, partial(check, as_json=options.json))


def _add(options: argparse.Namespace) -> int:
    from goop_node.cli.library import add

    return add(_config(options), options.source, name=options.name, yes=options.yes)


def _remove(options: argparse.Namespace) -> int:
    from goop_node.cli.library import remove

    return remove(_config(options), options.name, delete_data=options.delete_data, yes=options.yes)


def _doctor(options: argparse.Namespace) -> int:
    from goop_node.cli.doctor import doctor

    return doctor(_config(options), as_json=options.json)


def _brought(options: argparse.Namespace) -> int:
    from goop_node.cli.plugin_commands import call

    options.config_of = _config
    return call(options.candidate, brought_parser(options.candidate.name), options)


def brought_parser(name: str) -> argparse.ArgumentParser:
    """What ``goop NAME`` of a package begins with; the package adds its own arguments."""
    parser = _Parser(prog=f"goop {name}")
    parser.add_argument("--config", metavar="FILE", help="default: ./goop.toml, if there is one")
    parser.add_argument("--data", metavar="DIR", help="where the node keeps its files")
    return parser


def _examined(options: argparse.Namespace, report: Callable[..., int]) -> int:
    """Have plugins looked at, in a process of its own, for they may do anything."""
    from goop_node.cli.plugins import in_own_process

    config = _config(options)  # its mistakes are told before
    if options.scratch is None:
        return in_own_process(options.arguments)
    environment = installed()
    candidates = environment.candidates(config.plugins)
    with LastWords(options.scratch) as words:
        words.within(PATIENCE)
        return report(config, candidates, environment.complaints, options.scratch)
