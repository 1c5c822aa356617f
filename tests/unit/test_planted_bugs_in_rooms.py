# SPDX-License-Identifier: MIT
"""Rules of rooms taken out, one at a time: the simulator misses each within a few lives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from goop_realtime.engine.door import Engine
from goop_realtime.engine.effects import AnyEffect
from goop_realtime.machine import versions as old_states
from goop_realtime.rooms import (
    following,
    hosting,
    latest,
    merging,
    page_frames,
    page_rewinds,
    private,
    rewinding,
    signatures,
    versions,
)
from goop_realtime.rooms.fold import Fold, FoldForm, PageCount, Standing
from goop_realtime.rooms.outbox import Refusals
from goop_realtime.rooms.positions import Runs
from goop_realtime.rooms.records import AppendEntry
from goop_realtime.testing import Violation, small_bounds, story_of
from goop_realtime.testing.rooms import ROOM_FAULTS, Play, RoomLife
from goop_realtime.testing.rooms.faults import asleep, lies, update
from goop_realtime.testing.rooms.page import RoomPage

Patch = pytest.MonkeyPatch
SEEDS = 100
PLAYS = {
    "content_not_asked_for": Play(private=0.6),
    "ordered_behind_later_ones": Play(again=0.9),
    "refusals_for_good": Play(torn=1.0),
}
"""What people do where else few lives would be of use."""
LIES = {**ROOM_FAULTS, lies: 60}
UPDATES = {**ROOM_FAULTS, update: 60}
FAULTS = {
    "cursors_that_are_numbers": {asleep: 1},
    "paths_that_nobody_follows": LIES,
    "types_that_somebody_lacks": UPDATES,
    "versions_that_nobody_writes_down": UPDATES,
    "snapshots_without_versions": UPDATES,
    "states_of_older_versions_as_they_are": UPDATES,
}
"""What befalls them, where little else would bring it out."""


def nothing(*args: Any, **more: Any) -> None:
    """What is left of a rule."""


def told_before_it_is_stored(patch: Patch) -> None:
    """What an entry causes leaves a step before the entry is committed."""
    take = Engine.take
    late: dict[int, list[AnyEffect]] = {}

    def early(self: Engine) -> list[AnyEffect]:
        effects = take(self)
        due = late.pop(id(self), [])
        late[id(self)] = [item for item in effects if isinstance(item, AppendEntry)]
        return due + [item for item in effects if not isinstance(item, AppendEntry)]

    patch.setattr(Engine, "take", early)


def an_epoch_used_twice(patch: Patch) -> None:
    """Whoever becomes host begins the same epoch each time."""
    patch.setattr(hosting, "max", lambda *numbers: 1_700_000_000_000, raising=False)


def forks_by_length(patch: Patch) -> None:
    """Two logs are taken to be the same as far as both go."""
    patch.setattr(Runs, "fork", lambda self, other: min(self.last.seq, other.last.seq))


def ordered_twice(patch: Patch) -> None:
    """Nobody looks whether a message has its place already."""
    patch.setattr(Fold, "standing", lambda self, author, message_id: Standing.NEW)


def ordered_behind_later_ones(patch: Patch) -> None:
    """A message may come behind later ones of its page."""
    standing = PageCount.standing

    def lenient(self: PageCount, counter: int) -> Standing:
        found = standing(self, counter)
        return Standing.NEW if found is Standing.OVERTAKEN else found

    patch.setattr(PageCount, "standing", lenient)


def snapshots_without_counters(patch: Patch) -> None:
    """A snapshot says nothing of which messages were ordered."""
    form = Fold.form

    def poor(self: Fold) -> FoldForm:
        found = form(self)
        found.pages = []
        return found

    patch.setattr(Fold, "form", poor)


def dropped_for_good(patch: Patch) -> None:
    """Own messages that are cut off are not sent again."""
    patch.setattr(rewinding, "_put_back", nothing)


def refusals_for_good(patch: Patch) -> None:
    """A refusal stays, although the message is in the log after all."""
    patch.setattr(Refusals, "drop", lambda self, author, message_id: False)


def hosts_that_never_merge(patch: Patch) -> None:
    """A host takes no notice of another."""
    patch.setattr(merging, "met", nothing)


def pages_not_rewound(patch: Patch) -> None:
    """A page is not told that its node's log was cut back."""
    patch.setattr(page_rewinds, "rewound", nothing)


def cursors_that_are_numbers(patch: Patch) -> None:
    """What a page that comes back has had is known by its number alone."""
    fork = Runs.fork

    class Cursor(Runs):
        """What a page says that it has."""

    def lenient(self: Runs, other: Runs) -> int:
        common = min(self.last.seq, other.last.seq)
        return common if isinstance(other, Cursor) else fork(self, other)

    patch.setattr(page_frames, "Runs", Cursor)
    patch.setattr(Runs, "fork", lenient)


def pages_that_do_not_ask_again(patch: Patch) -> None:
    """A page takes for granted what it was told of its messages on another branch."""
    patch.setattr(RoomPage, "_ask", nothing)


def content_not_asked_for(patch: Patch) -> None:
    """Who lacks the content of a private message does not ask for it."""
    patch.setattr(private, "keep", nothing)


def newest_values_not_told(patch: Patch) -> None:
    """Who joins is told no newest values, nor tells its own."""
    patch.setattr(latest, "owe_all", nothing)


def words_that_nobody_checks(patch: Patch) -> None:
    """A guest believes its host whatever it says."""
    patch.setattr(following, "is_signed", lambda *told: True)


def paths_that_nobody_follows(patch: Patch) -> None:
    """Of messages that share a signature any content is taken for signed."""
    patch.setattr(signatures, "_leaf", lambda said: bytes(32))


def more_than_max_peers(patch: Patch) -> None:
    """A room is never full."""
    patch.setattr(Fold, "is_full", False)


def types_that_somebody_lacks(patch: Patch) -> None:
    """A host orders whatever its own version knows."""
    patch.setattr(versions, "unknown_there", nothing)


def versions_that_nobody_writes_down(patch: Patch) -> None:
    """A host does not note that a member has another version now."""
    patch.setattr(hosting, "is_listed", lambda room, peer, has: peer in room.fold.members)


def snapshots_without_versions(patch: Patch) -> None:
    """Who begins with a snapshot does not learn what the members have."""
    patch.setattr(Fold, "_version_forms", lambda self: [])


def states_of_older_versions_as_they_are(patch: Patch) -> None:
    """A state that another version has left is not brought to the form of this one."""
    patch.setattr(old_states, "upgraded", lambda core, room, context, state, since: state)


PLANTS = [
    told_before_it_is_stored,
    an_epoch_used_twice,
    forks_by_length,
    ordered_twice,
    ordered_behind_later_ones,
    snapshots_without_counters,
    dropped_for_good,
    refusals_for_good,
    hosts_that_never_merge,
    pages_not_rewound,
    cursors_that_are_numbers,
    pages_that_do_not_ask_again,
    content_not_asked_for,
    newest_values_not_told,
    words_that_nobody_checks,
    more_than_max_peers,
    paths_that_nobody_follows,
    types_that_somebody_lacks,
    versions_that_nobody_writes_down,
    snapshots_without_versions,
    states_of_older_versions_as_they_are,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_rule_that_is_missing_is_missed(
    plant: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    play, faults = PLAYS.get(plant.__name__, Play()), FAULTS.get(plant.__name__, ROOM_FAULTS)
    with small_bounds():
        for seed in range(SEEDS):
            try:
                RoomLife(seed, play, faults=faults).run()
            except Violation:
                break
        else:
            pytest.fail(f"{SEEDS} lives, and nothing was found")
        story = story_of(functools.partial(RoomLife, seed, play, faults=faults, story=True))
    assert "Violation" in story.splitlines()[-1]
