# SPDX-License-Identifier: MIT
"""What the tests of the simulator share: small bounds, stories of failures, what to expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from goop_realtime import channel, guest_side, host_side, limits, pages, trimming
from goop_realtime.testing import Life

STORY_LINES = 60
SMALL = (
    (channel, "OUTBOX_MESSAGES", 60),
    (guest_side, "OUTBOX_MESSAGES", 60),
    (guest_side, "LINK_WINDOW", 1500),
    (host_side, "LINK_WINDOW", 1500),
    (limits, "LINK_WINDOW", 1500),
    (limits, "OUTBOX_MESSAGES", 60),
    (trimming, "OUTBOX_MESSAGES", 60),
    (limits, "PAGE_WINDOW", 1500),
    (limits, "KEPT_ENTRIES", 8),
    (trimming, "KEPT_ENTRIES", 8),
    (pages, "PAGE_WINDOW", 1500),
)
"""Bounds that a short life reaches: messages, bytes on their way, entries kept."""

EXPECTED: tuple[str, ...] = ()


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


def story_of(seed: int) -> str:
    """How that life came to its failure, and how to live it again."""
    life = Life(seed, story=True)
    try:
        life.run()
    except Exception as error:
        ending = f"{type(error).__name__}: {error}"
    else:
        ending = "no failure this time"
    story = life.world.story or []
    faults = [line for line in story if " fault: " in line or " starts, " in line]
    return "\n".join(
        (
            f"replay: pytest tests/unit/test_simulation.py -k lost --seeds {seed}:{seed + 1}",
            "seconds, faults and starts:",
            *faults,
            f"the last {STORY_LINES} of {len(story)} things that happened:",
            *story[-STORY_LINES:],
            ending,
        )
    )
