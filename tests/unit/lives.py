# SPDX-License-Identifier: MIT
"""Many simulated lives of one kind, in as many processes as there are cores."""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable

import pytest

from goop_realtime.testing import Life, small_bounds, story_of

CHUNK = 50


def live(kind: Callable[..., Life], seeds: range) -> tuple[Counter[str], str]:
    """Live them; what happened how often, and the first failure in words."""
    counts: Counter[str] = Counter()
    with small_bounds():
        for seed in seeds:
            life = kind(seed)
            try:
                life.run()
            except Exception as error:
                told = story_of(functools.partial(kind, seed, story=True))
                return counts, f"seeds {seed}:{seed + 1}: {type(error).__name__}: {error}\n{told}"
            counts += life.watch.seen.counts
            counts["lives"] += 1
    return counts, ""


def _collect_rarely() -> None:
    """Lives make much that goes by itself: looking for cycles among it was a tenth of the work."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def all_live(kind: Callable[..., Life], seeds: range) -> Counter[str]:
    """Live them all, or fail with the story of one; ``--seeds`` lives that one again."""
    chunks = [seeds[n : n + CHUNK] for n in range(0, len(seeds), CHUNK)]
    counts: Counter[str] = Counter()
    # Fresh processes: the bounds are made small in them, and nobody else's threads are forked.
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(os.cpu_count() or 1, len(chunks)), _collect_rarely) as pool:
        for found, failure in pool.imap_unordered(functools.partial(live, kind), chunks):
            counts += found
            if failure:
                pool.terminate()
                pytest.fail(failure, pytrace=False)
    return counts
