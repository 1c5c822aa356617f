# SPDX-License-Identifier: MIT
"""The node as one plugin has it: what hooks receive, with the plugin's name filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goop_node.data.storage import Database
from goop_node.types import JsonValue, Network, Peers, PluginCalls, Template

if TYPE_CHECKING:
    from goop_node.node import Node
    from goop_node.templates.permissions import TemplateGrants


class PluginNode:
    """A ``NodeApi`` for the plugin of that name."""

    def __init__(self, node: Node, plugin: str) -> None:
        self._node = node
        self._plugin = plugin

    @property
    def data(self) -> Path:
        """The node's data folder."""
        return self._node.data

    @property
    def strict(self) -> bool:
        """Whether a plugin's failure is an error."""
        return self._node.strict

    @property
    def network(self) -> Network:
        """libp2p."""
        return self._node.network

    @property
    def peers(self) -> Peers:
        """Who is there."""
        return self._node.peers

    @property
    def calls(self) -> PluginCalls:
        """For hooks of the plugin's own."""
        return self._node.calls

    @property
    def grants(self) -> TemplateGrants:
        """What templates may do."""
        return self._node.grants

    @property
    def peer_id(self) -> str:
        """Our own peer id."""
        return self._node.peer_id

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` by the node's key."""
        return self._node.sign(data)

    def verify(self, peer_id: str, data: bytes, signature: bytes) -> bool:
        """Whether that peer's node has signed ``data``."""
        return self._node.verify(peer_id, data, signature)

    @property
    def label(self) -> str:
        """The name that people see for us."""
        return self._node.label

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template by name."""
        return self._node.templates

    def config_for(self, plugin: str) -> Mapping[str, JsonValue]:
        """The validated table of a plugin. ``KeyError`` if it is not active."""
        return self._node.config_for(plugin)

    def database(self, migrations: Sequence[str], *more: object) -> Database:
        """Open and migrate the plugin's own SQLite file."""
        if more or isinstance(migrations, str):
            raise TypeError(
                "node.database(NAME, MIGRATIONS) is node.database(MIGRATIONS) in this version: "
                "the file has the plugin's name"
            )
        return self._node.database_of(self._plugin, migrations)

    def failed(
        self,
        plugin: str,
        error: BaseException,
        *,
        doing: str = "",
        code: object = None,
        about: str = "",
    ) -> None:
        """Record that something of a plugin failed."""
        self._node.failed(plugin, error, doing=doing, code=code, about=about)

    def remark(self, plugin: str, sentence: str) -> None:
        """Tell who works on a plugin, if anybody does."""
        if self._node.author is not None:
            self._node.author.tell(plugin, "warn", sentence)
