# SPDX-License-Identifier: MIT
"""What is remembered of pages that follow the state of a channel or room (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.registry import Context
from goop_realtime.types import Refusal


@dataclass(frozen=True)
class Shown:
    """A Session whose state a caller may see, and where in the log it stands, as pages are told."""

    id: str
    context: Context
    session: ChannelSession
    position: list[JsonValue]


Find = Callable[[str, Caller], Shown | Refusal]
"""Takes the id of a channel, or a room's handle, and who asks."""


class Told(NamedTuple):
    """What a page was told last: the state at that position, or the code of why not."""

    position: list[JsonValue]
    code: str = ""


@dataclass(eq=False)
class Followed:
    """What pages follow. Times are Unix ms."""

    find: Find
    told: dict[str, Told | None] = field(default_factory=dict)
    """By page id; ``None`` before the first time."""
    next_at: int = 0
    """Before then nobody is told again."""


@dataclass(eq=False)
class Showing:
    """Everything that is followed."""

    followed: dict[str, Followed] = field(default_factory=dict)
    """By channel, or by a room's handle."""
    due_at: int | None = None
    """When somebody has to be told again (Unix ms)."""
