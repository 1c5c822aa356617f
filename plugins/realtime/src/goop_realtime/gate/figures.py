# SPDX-License-Identifier: MIT
"""What 10,000 folds take of time and memory."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

import psutil

from goop_node.findings import Finding, note, ok, wrong
from goop_node.plugins.blame import place_of_code
from goop_realtime.gate.folding import Folded, Trial
from goop_realtime.types import Left, Refusal

FOLDS, FOLDS_QUICKLY = 10_000, 1_000
SLOW_MS, TOO_SLOW_MS = 1.0, 5.0
"""Of processor time for a fold: a node that starts folds hundreds for each channel."""
MEGABYTE = 1024 * 1024
MUCH_MB = 64
"""More memory than that stays taken after so many folds where something is never let go."""
PATIENCE = 20.0
"""Seconds after which it is enough."""


def figures(trial: Trial, logs: Sequence[Folded], *, quick: bool) -> Iterator[Finding]:
    """One finding, with the figures; nothing where no log has an entry."""
    told = [one for one in logs if one.entries]
    if not told:
        return
    process = psutil.Process()
    gc.collect()
    before, began, used = process.memory_info().rss, time.monotonic(), time.thread_time()
    wanted, folds = FOLDS_QUICKLY if quick else FOLDS, 0
    for log in cycle(told):
        session = trial.open(log.request, None)
        if isinstance(session, Refusal):
            return
        apply = session.function("apply")
        for entry in log.entries:
            if not isinstance(entry, Left):
                session.check(entry)
            session.apply(entry)
            folds += 1
        if folds >= wanted or time.monotonic() - began > PATIENCE:
            break
    each = 1000 * (time.thread_time() - used) / folds
    took = time.monotonic() - began
    gc.collect()
    grown = max(0.0, (process.memory_info().rss - before) / MEGABYTE)
    words = f"{folds:,} folds took {took:.1f} s ({each:.2f} ms each) and {grown:.1f} MiB"
    place = place_of_code(apply)
    name = trial.context.name
    if each > TOO_SLOW_MS:
        do = "all channels of a node wait meanwhile, and a start folds what its log still holds"
        yield wrong(name, words, do, place)
    elif grown > MUCH_MB:
        yield wrong(name, words, "what ended Sessions leave behind is never let go", place)
    elif each > SLOW_MS:
        yield note(name, words, "a start folds what the log of every channel still holds", place)
    else:
        yield ok(name, words)
