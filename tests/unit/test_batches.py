# SPDX-License-Identifier: MIT
"""Frames that have gathered share a message: none is missing, out of order, or too much."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.web.sockets import MAX_BATCH, batches

FRAMES = st.lists(st.one_of(st.integers(1, 300), st.integers(1, MAX_BATCH + 100)), max_size=40)


@given(FRAMES)
def test_all_of_them_in_order_and_no_message_too_long(lengths: list[int]) -> None:
    frames = [json.dumps([n, "x" * length]).encode() for n, length in enumerate(lengths)]
    got = []
    for text, size in batches(frames):
        found = json.loads(text)
        together = isinstance(found[0], list)
        got += found if together else [found]
        assert size == sum(len(json.dumps(one)) for one in (found if together else [found]))
        assert not together or (len(found) > 1 and size <= MAX_BATCH)
    assert got == [json.loads(frame) for frame in frames]
