# SPDX-License-Identifier: MIT
"""``goop NAME``: commands that packages bring by entry points of the group ``goop_node.commands``.

The entry point's name is the command, its value a ``Command``. It is imported when it is called.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from goop_node.config.model import StartError as StartError
from goop_node.types import JsonValue

__all__ = ["Command", "NodeClient", "StartError"]


class NodeClient(Protocol):
    """The node of a data folder, as a command on the same machine reaches it."""

    @property
    def data(self) -> Path:
        """Its data folder."""

    def get(self, path: str, **query: str) -> bytes:
        """The body of ``GET path?query`` at the running node, with a program's rights.

        Raises ``StartError`` where no node runs there, and with the node's own words where it
        refuses.
        """

    def post(self, path: str, body: JsonValue) -> bytes:
        """The body of the answer to ``POST path`` with ``body`` as JSON; else as ``get``."""

    def verify(self, peer_id: str, data: bytes, signature: bytes) -> bool:
        """As ``NodeApi.verify``; no node needs to run."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """``goop NAME``. ``help`` is a line for ``goop NAME --help``.

    ``arguments`` adds to a parser that has ``--data`` and ``--config`` already. ``run`` gets what
    was parsed and the node, and returns the exit code; a ``StartError`` that it raises is told to
    the person as its lines are.
    """

    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, NodeClient], int]
