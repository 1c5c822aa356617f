# SPDX-License-Identifier: MIT
"""What is remembered of a channel's context, so that it is known where no plugin serves it; and
what other nodes say of theirs."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from goop_realtime.model.jsonio import MAX_INTEGER
from goop_realtime.model.wire import MAX_CONTEXT, MAX_VERSION
from goop_realtime.types import Limits


class Contract(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a context was when a channel last went by it. It outlives the plugin, and is stored."""

    name: Annotated[str, msgspec.Meta(max_length=MAX_CONTEXT)]
    plugin: Annotated[str, msgspec.Meta(max_length=256)] = ""
    version: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""
    hash: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reshaped: bool = False
    """Whether it has an ``upgrade``: older versions may not know the form of its state."""
    judged: Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)] = 0
    """Up to which entry of the log other versions have judged it."""
    suspended_seconds: Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)] = (
        Limits().suspended_ms // 1000
    )


class Offer(Protocol):
    """Where a node says what it has of a context: an ``Invite``, ``Join``, ``Welcome``, …"""

    @property
    def version(self) -> str:
        """Its version; ``""`` for none."""

    @property
    def hash(self) -> str | None:
        """That of its contract; ``None`` where it says none."""

    @property
    def types(self) -> list[str] | None:
        """Those of messages; ``None`` where it knows no versions."""
