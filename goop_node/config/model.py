# SPDX-License-Identifier: MIT
"""What a node is told: ``goop.toml`` and the command line as one frozen value.

The file is read by :mod:`goop_node.config.file`; this module holds the result, the defaults
and the error in which every mistake is one line for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs

from goop_node.reach import Reachable
from goop_node.types import JsonValue

if TYPE_CHECKING:
    from goop_node.templates.permissions import Permission

DEFAULT_HTTP = ("127.0.0.1", 8787)
"""Where pages and programs of this machine reach the node."""

DEFAULT_LISTEN = ("/ip4/0.0.0.0/tcp/8788",)
"""Where other nodes reach it."""

RESERVED_NAMES = frozenset({"api", "assets", "home", "join", "localhost", "schema", "sdk", "www"})
"""Names no template may have, because the node's own addresses use them."""

Isolation = Literal["origin", "path"]

Mdns = Literal["goop", "libp2p", "both", "off"]
"""Whom a node finds in its local networks: Goop² peers, any peers of libp2p, both, or nobody."""

DEFAULT_MDNS: Mdns = "goop"
"""For nodes that people start; one that a program makes is silent unless told otherwise."""


class StartError(Exception):
    """The node cannot start. ``lines`` says why, one sentence per mistake.

    ``code`` is a stable word for programs.
    """

    def __init__(self, lines: Sequence[str], *, code: str = "start") -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)
        self.code = code


class ConfigError(StartError):
    """goop.toml or the command line has mistakes; ``lines`` has one sentence for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(lines, code="config")


def default_data() -> Path:
    """The user's own data folder for goop-node (not created)."""
    return Path(platformdirs.user_data_dir("goop-node", appauthor=False))


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """Everything a node is told before it starts.

    ``label`` is ``""`` when nobody chose one. ``http_port`` and the ports in ``listen`` may
    be 0 (take a free one). ``peers`` are full multiaddrs ending in ``/p2p/<peer id>``.
    ``mdns_interfaces`` are the interfaces to find others at; without any, those where people are
    to be expected. ``allowed`` is what the file grants to templates, by name. ``plugins`` holds the
    table of every enabled plugin, without ``enabled``. ``source`` is the file this came from, or
    ``None``.
    """

    data: Path = field(default_factory=default_data)
    label: str = ""
    http_host: str = DEFAULT_HTTP[0]
    http_port: int = DEFAULT_HTTP[1]
    listen: tuple[str, ...] = DEFAULT_LISTEN
    peers: tuple[str, ...] = ()
    mdns: Mdns = "off"
    mdns_interfaces: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()
    dev_origins: tuple[str, ...] = ()
    isolation: Isolation = "origin"
    strict: bool = False
    dev: bool = False
    """Whether somebody works on its plugins and pages (``goop run --dev``); no file says so."""
    reachable_by: Reachable | None = None
    """``None``: chosen at home."""
    allowed: Mapping[str, frozenset[Permission]] = field(default_factory=dict)
    plugins: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    source: Path | None = None

    @property
    def source_name(self) -> str:
        """How messages call the place the configuration came from."""
        return self.source.name if self.source else "goop.toml"
