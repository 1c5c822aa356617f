# SPDX-License-Identifier: MIT
"""What became of a plugin: for the table, the log and the status page; or an error, when strict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goop_node.config.model import StartError


@dataclass(frozen=True, kw_only=True)
class PluginStatus:
    """What became of an enabled plugin.

    ``status`` is ``"active"``, ``"faulty"`` (active, but something of it failed) or
    ``"failed"`` (left out); ``place`` is where, as ``FILE:LINE``, as far as it is known.
    ``warnings`` are lines of its code that do not do what they seem to. ``hooks`` it implements,
    ``brings`` what it gave to other plugins' hooks by kind (``{"contexts": ("chess",)}``),
    ``needed_by`` who depends on it.
    """

    name: str
    version: str
    distribution: str
    status: Literal["active", "faulty", "failed"]
    error: str | None = None
    place: str = ""
    warnings: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    brings: Mapping[str, tuple[str, ...]]
    needed_by: tuple[str, ...] = ()


class PluginError(StartError):
    """A plugin failed and the node is strict."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__([f"plugin {plugin}: {reason}"], code="plugin")
        self.plugin = plugin
