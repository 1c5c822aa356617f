# SPDX-License-Identifier: MIT
"""What is remembered of pages that follow the list of what runs, and of that list (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.types import Summary

Row = dict[str, JsonValue]


@dataclass(eq=False)
class Following:
    """A page that follows the list: what its person can see of it, and what it was told."""

    visible: bool = False
    notifies: bool = False
    """Whether it can show notifications, and its person wants them from it."""
    told: dict[str, Row] | None = None
    """By channel; ``None`` before the first time, which is the whole list."""


@dataclass(frozen=True)
class Said:
    """What a context said of a channel, and of which state it said that."""

    session: ChannelSession
    place: tuple[int, int]
    label: str
    summary: Summary | None

    def still(self, session: ChannelSession, place: tuple[int, int], label: str) -> bool:
        """Whether nothing is different: the Session is a fold, and people keep their names."""
        return self.session is session and (self.place, self.label) == (place, label)


@dataclass(frozen=True)
class Runs:
    """Something that runs: who may see it, and its row, made when it is asked for."""

    id: str
    sees: Callable[[Caller], bool]
    row: Callable[[], Row]


@dataclass(eq=False)
class Running:
    """When the list was looked at, and what contexts said."""

    next_at: int = 0
    """Before then nobody looks again (Unix ms)."""
    due_at: int | None = None
    """When somebody has to look, if something may have changed since."""
    said: dict[str, Said] = field(default_factory=dict)
    """By channel."""
    sources: list[Callable[[], Iterable[Runs]]] = field(default_factory=list)
    """What else runs, beside channels."""
