# SPDX-License-Identifier: MIT
"""Which nodes ``goop run --dev`` is for, and its two halves: the supervisor, and its node."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from goop_node.config.model import NodeConfig, StartError
from goop_node.plugins.faults import Tell
from goop_node.web.origins import is_loopback

if TYPE_CHECKING:
    from goop_node.dev.author import Author
    from goop_node.node import Node


def run_dev(arguments: Sequence[str], config_of: Callable[[], NodeConfig]) -> int:
    """Supervise the node of ``goop ARGUMENTS``. Returns the exit code. Raises ``StartError``."""
    if importlib.util.find_spec("watchfiles") is None:
        words = "--dev: needs the package watchfiles; install it with pip install 'goop-node[dev]'"
        raise StartError([words], code="dev")
    if sys.platform == "win32":
        raise StartError(["--dev: does not work on Windows; use WSL"], code="dev")
    from goop_node.dev.supervisor import supervise

    def checked() -> NodeConfig:
        config = config_of()
        refuse_unfit(config)
        return config

    return supervise(checked(), arguments, checked)


def run_tethered(descriptor: int, config_of: Callable[[], NodeConfig]) -> int:
    """Be the node, once the supervisor at the other end of that socket says so."""
    from goop_node.dev.tether import Tether

    tether = Tether(descriptor)
    if not tether.wait():
        return 0
    config = config_of()
    refuse_unfit(config)
    from goop_node.cli.run import run

    return run(config, tether.attend)


def refuse_unfit(config: NodeConfig) -> None:
    """Raises ``StartError`` where others than the author could reach the pages, or the pages could
    not be told apart."""
    lines = []
    if not is_loopback(config.http_host):
        lines.append(
            f'http: found "{config.http_host}:{config.http_port}", expected a port of this machine '
            'alone with --dev, e.g. "127.0.0.1:8787": pages are told what fails in plugins'
        )
    if config.isolation != "origin":
        lines.append(
            f'isolation: found "{config.isolation}", expected "origin" with --dev: '
            "what fails in a plugin is for its own pages, which cannot be told apart there"
        )
    if lines:
        raise StartError(lines, code="dev")


def author_of(node: Node) -> Author | None:
    """Who works on plugins and pages with ``node``, if anybody does."""
    if not node.config.dev:
        return None
    from goop_node.dev.author import Author

    def plugin_of(template: str) -> str:
        return next((one.plugin for one in node.shelf.brought if one.template.name == template), "")

    return Author(lambda: node.templates, plugin_of)


def tell_of(author: Author | None) -> Tell | None:
    """What takes the words for that person, if there is one."""
    return author.tell if author is not None else None
