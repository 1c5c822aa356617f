# SPDX-License-Identifier: MIT
"""Small bounds, so that a short life meets them: full outboxes, closed windows, trimmed logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from goop_realtime.machine import (
    channel,
    guest_side,
    host_side,
    links,
    pages,
    trimming,
    unlogged,
    waits,
)
from goop_realtime.model import limits
from goop_realtime.rooms import (
    distributing,
    fold,
    folding,
    following,
    hosting,
    outbox,
    positions,
    views,
)
from goop_realtime.rooms import trimming as rooms_trimming
from goop_realtime.rooms import waits as rooms_waits

SMALL = (
    (channel, "OUTBOX_MESSAGES", 60),
    (guest_side, "OUTBOX_MESSAGES", 60),
    (guest_side, "LINK_WINDOW", 1500),
    (host_side, "LINK_WINDOW", 1500),
    (host_side, "OUTBOX_MESSAGES", 60),
    (limits, "LINK_WINDOW", 1500),
    (links, "CLOSE_MS", 4_000),
    (limits, "OUTBOX_MESSAGES", 60),
    (trimming, "OUTBOX_MESSAGES", 60),
    (limits, "PAGE_WINDOW", 1500),
    (limits, "KEPT_ENTRIES", 8),
    (trimming, "KEPT_ENTRIES", 8),
    (unlogged, "ROUND", 3),
    (waits, "ROUND", 3),
    (rooms_waits, "ROUND", 3),
    (pages, "PAGE_WINDOW", 1500),
    (pages, "OWN_UNTOLD", 8),
    (rooms_trimming, "KEPT_ENTRIES", 8),
    (rooms_trimming, "LOG_ENTRIES", 100),
    (folding, "CHECKPOINT_ENTRIES", 4),
    (folding, "CHECKPOINTS", 8),
    (fold, "PAGES_PER_AUTHOR", 3),
    (fold, "PAGES", 8),
    (fold, "HOLES", 3),
    (positions, "MAX_RUNS", 8),
    (outbox, "OUTBOX_MESSAGES", 40),
    (outbox, "REFUSED_OWN", 16),
    (outbox, "REFUSED_THEIRS", 6),
    (hosting, "OUTBOX_MESSAGES", 40),
    (distributing, "LINK_WINDOW", 1500),
    (following, "LINK_WINDOW", 1500),
    (views, "PAGE_WINDOW", 1500),
)
"""Bounds that a short life reaches: messages, bytes on their way, entries kept."""


@contextmanager
def small_bounds() -> Iterator[None]:
    """Make the bounds small, so that lives of a hundred messages meet them."""
    patches = [mock.patch.object(module, name, value) for module, name, value in SMALL]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()
