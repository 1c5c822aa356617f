# SPDX-License-Identifier: MIT
"""A context for tests alone: it writes down what was applied, or is killed just before that."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonValue, NodeApi
from goop_realtime import Applied, ContextType, Message, MessageType, OpenRequest, Refusal, Snapshot

ENTRY = {"properties": {"type": {"const": "entry"}, "n": {"type": "integer"}}}


class Ledger:
    """The sum of all entries."""

    def __init__(self, total: Any) -> None:
        self._total: int = total or 0

    def check(self, message: Message) -> Refusal | None:
        """Everything may come."""
        return None

    def apply(self, message: Message) -> None:
        """Add."""
        self._total += message.fields["n"]

    def snapshot(self) -> JsonValue:
        """The sum."""
        return self._total


def _open(request: OpenRequest, snapshot: Snapshot | None) -> Ledger:
    return Ledger(snapshot.state if snapshot else None)


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
                messages={
                    "entry": ENTRY,
                    "mark": MessageType({"type": "object"}, delivery="latest", key="/of"),
                    "wink": MessageType({"type": "object"}, delivery="volatile"),
                },
                open_session=_open,
                on_commit=self._on_commit,
                push_state=True,
            )
        ]

    def _on_commit(self, session: Ledger, entries: Sequence[Applied]) -> None:
        """Write down, unless the test has asked for a kill at this moment."""
        order = self._folder / "kill"
        if order.exists():
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        with (self._folder / "ledger").open("a", encoding="ascii") as file:
            file.writelines(f"{entry.seq} {entry.message.fields['n']}\n" for entry in entries)
