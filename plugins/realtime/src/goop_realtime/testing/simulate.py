# SPDX-License-Identifier: MIT
"""Many lives of a context, with one call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from goop_node.types import JsonValue
from goop_realtime.testing.bounds import small_bounds
from goop_realtime.testing.faults import FAULTS, Fault
from goop_realtime.testing.life import Life
from goop_realtime.testing.seen import Violation
from goop_realtime.testing.talk import Say, Talk
from goop_realtime.types import ContextType

STORY_LINES = 60


def simulate(
    context: ContextType,
    say: Say,
    *,
    params: Callable[[random.Random], JsonValue] = lambda chance: None,
    seeds: Iterable[int] = range(50),
    nodes: int = 2,
    faults: Mapping[Fault, int] = FAULTS,
    turns: int = 110,
) -> Counter[str]:
    """Live one life for each of the ``seeds``; how often what happened in them.

    People at 2 to 6 ``nodes`` open channels of ``context`` between any two, with ``params``, and
    say what ``say(chance, state, peer)`` gives: ``chance`` is a ``random.Random``, ``state`` the
    ``snapshot()`` of the Session at the node of ``peer``, who speaks (``None`` where there is
    none). What schema or Session refuse is part of life. Bounds are small, so that logs are
    trimmed and Sessions opened from snapshots; ``faults={}`` leaves out what would befall them.

    Raises ``Violation`` with the seed and its story where nodes disagree, a page is told an
    untruth, or something is lost, doubled, out of order or stuck. A life takes about 0.2 s.
    """
    talk = Talk(context, say, params, turns)
    counts: Counter[str] = Counter()
    for seed in seeds:
        life = Life(seed, talk, nodes=nodes, faults=faults)
        try:
            with small_bounds():
                life.run()
        except Exception as error:
            story = story_of(partial(Life, seed, talk, nodes=nodes, faults=faults, story=True))
            again = f"to live it again: seeds=[{seed}]"
            raise Violation(f"{type(error).__name__}: {error}\n{again}\n{story}") from error
        counts += life.watch.seen.counts
    return counts


def story_of(born: Callable[[], Life]) -> str:
    """How a life, which keeps a story, comes to its failure."""
    life = born()
    try:
        with small_bounds():
            life.run()
    except Exception as error:
        ending = f"{type(error).__name__}: {error}"
    else:
        ending = "no failure this time"
    story = life.world.story or []
    faults = [line for line in story if " fault: " in line or " starts, " in line]
    return "\n".join(
        (
            "seconds, faults and starts:",
            *faults,
            f"the last {STORY_LINES} of {len(story)} things that happened:",
            *story[-STORY_LINES:],
            ending,
        )
    )
