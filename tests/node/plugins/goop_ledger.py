# SPDX-License-Identifier: MIT
"""A context for tests alone: it writes down what was applied, or is killed just before that."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

from goop_node.hookspecs import hookimpl
from goop_node.types import NodeApi
from goop_realtime import Applied, ContextType, NoRules

ENTRY = {"properties": {"type": {"const": "entry"}, "n": {"type": "integer"}}}


class LedgerPlugin:
    """``DATA/ledger`` has a line for each time that a message was applied: ``SEQ N``."""

    def __init__(self) -> None:
        self._folder = Path()

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """The context."""
        self._folder = Path(os.environ["LEDGERS"]) / node.label
        return [
            ContextType(
                name="ledger",
                version="1",
                title="Ledger",
                messages={"entry": ENTRY},
                on_commit=self._on_commit,
            )
        ]

    def _on_commit(self, session: NoRules, entries: Sequence[Applied]) -> None:
        """Write down, unless the test has asked for a kill at this moment."""
        order = self._folder / "kill"
        if order.exists():
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        with (self._folder / "ledger").open("a", encoding="ascii") as file:
            file.writelines(f"{entry.seq} {entry.message.fields['n']}\n" for entry in entries)
