# SPDX-License-Identifier: MIT
"""Bugs planted into the core, one at a time: the simulator finds each within 1,000 lives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from goop_realtime.engine.door import Engine
from goop_realtime.machine import (
    ending,
    fleeting,
    glare,
    guest_side,
    host_side,
    invitations_received,
    invitations_sent,
    joining,
    links,
    pages,
    pending,
    restore,
    sending,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.model.effects import (
    DropOutgoing,
    Effect,
    Outcome,
    SaveCursor,
    SaveEntry,
    SaveOutgoing,
)
from goop_realtime.model.wire import Line
from goop_realtime.storage.journal import Journal
from goop_realtime.testing import Life, Talk, Violation, small_bounds, story_of
from goop_realtime.testing.spots import SPOTS, say_spots

Patch = pytest.MonkeyPatch
SEEDS = 1000


def acknowledge_before_commit(patch: Patch) -> None:
    """What an entry causes leaves a step before the entry is committed."""
    take = Engine.take
    late: dict[int, list[Effect]] = {}

    def early(self: Engine) -> list[Effect]:
        effects = take(self)
        due = late.pop(id(self), [])
        late[id(self)] = [item for item in effects if isinstance(item, SaveEntry)]
        return due + [item for item in effects if not isinstance(item, SaveEntry)]

    patch.setattr(Engine, "take", early)


def seq_reused_after_a_crash(patch: Patch) -> None:
    """A start takes no new epoch, and does not wait for what its guest still has."""
    patch.setattr(Journal, "next_epoch", lambda self, now: 1)
    channel = restore._channel

    def eager(*args: Any) -> Channel:
        found = channel(*args)
        found.held = False
        return found

    patch.setattr(restore, "_channel", eager)


def close_overtakes_a_message(patch: Patch) -> None:
    """A guest's close leaves at once, instead of behind what waits."""

    def hasty(core: Core, channel: Channel) -> None:
        core.write_all(channel, Line(type="close", group=channel.id, code="closed"))
        core.control(channel.other.peer, Line(type="close", group=channel.id, code="closed"))
        ending.finish(core, channel, "closed")

    patch.setattr(sending, "_close_open", hasty)


def stale_end_taken_for_the_new_one(patch: Patch) -> None:
    """The end of an older stream suspends a channel that has a newer one."""
    of: dict[tuple[int, int], Channel] = {}
    attach = joining._attach

    def remembering(core: Core, channel: Channel, member: Member, number: int) -> Link:
        of[id(core), number] = channel
        return attach(core, channel, member, number)

    def ended(core: Core, link: int, code: str) -> None:
        channel = of.get((id(core), link))
        if channel is not None and channel.phase is Phase.OPEN and channel.other.link is not None:
            ending.unlink(core, channel.other.link)
            channel.other.suspended_at = core.now

    patch.setattr(joining, "_attach", remembering)
    patch.setattr(links, "ended", ended)


def accepted_twice(patch: Patch) -> None:
    """A second accept starts the joining anew."""

    def again(core: Core, channel: Channel, owner: str | None) -> None:
        if not channel.hosted:
            channel.owner = owner
            invitations_received._start_joining(core, channel)

    patch.setattr(invitations_received, "accept", again)


def glare_split_in_two(patch: Patch) -> None:
    """Of two crossing requests, the one that should give way lives on."""
    patch.setattr(glare, "settle", lambda *told: None)
    patch.setattr(glare, "living", lambda core, peer, context: None)


def applied_twice(patch: Patch) -> None:
    """A host does not look a guest's message up before it orders it."""

    def forgetful(core: Core, link: Link, line: Line) -> None:
        link.ids.add(line.id)
        host_side._judge_new(core, link, line)

    patch.setitem(links._HOST_LINES, "msg", forgetful)


def ids_collide(patch: Patch) -> None:
    """A node takes whatever channel id chance gives it."""
    patch.setattr(invitations_sent, "new_id", lambda core: f"rt-{core.random.getrandbits(64):016x}")


def refused_and_yet_applied(patch: Patch) -> None:
    """A guest applies its own message at once, whatever the host will say of it."""
    submit = guest_side.submit

    def hopeful(core: Core, channel: Channel, outgoing: Any, data: Any) -> Any:
        refusal = submit(core, channel, outgoing, data)
        if refusal is None:
            message = guest_side.Message(
                sender=core.me, data=data, id=outgoing.id, sent_at_ms=outgoing.at
            )
            channel.session.apply(message)
        return refusal

    patch.setattr(guest_side, "submit", hopeful)


def refusal_forgotten(patch: Patch) -> None:
    """A host orders, at the second time, what it has refused at the first."""
    remember = Channel.remember

    def careless(self: Channel, author: str, message_id: str, outcome: Outcome) -> None:
        if not outcome.code:
            remember(self, author, message_id, outcome)

    patch.setattr(Channel, "remember", careless)


def cursor_lost(patch: Patch) -> None:
    """How far the pages are is never saved."""
    take = Engine.take

    def lossy(self: Engine) -> list[Effect]:
        return [item for item in take(self) if not isinstance(item, SaveCursor)]

    patch.setattr(Engine, "take", lossy)


def handled_without_its_handler(patch: Patch) -> None:
    """What a page was given counts as handled."""
    acknowledge = pages.acknowledge

    def generous(core: Core, page: Any, channel: Channel, epoch: int, seq: int) -> None:
        view = page.views.get(channel.id)
        if view is not None:
            view.flight.clear()
        acknowledge(core, page, channel, epoch, seq)

    patch.setattr(pages, "acknowledge", generous)


def ends_with_its_plugin(patch: Patch) -> None:
    """A channel whose plugin is not there at a start is ended."""

    def hasty(core: Core, channel: Channel, kept: Any, obstacle: Any) -> None:
        if obstacle is not None:
            ending.finish(core, channel, obstacle.code, obstacle.reason)

    patch.setattr(restore, "_go_on", hasty)


def outbox_dropped_with_its_plugin(patch: Patch) -> None:
    """A start without the plugin throws away what waits in the outbox."""
    go_on = restore._go_on

    def hasty(core: Core, channel: Channel, kept: Any, obstacle: Any) -> None:
        if obstacle is not None:
            for outgoing in list(channel.outbox.values()):
                channel.take_out(outgoing.id)
                core.out.append(DropOutgoing(channel.id, outgoing.id))
        go_on(core, channel, kept, obstacle)

    patch.setattr(restore, "_go_on", hasty)


def departure_untold(patch: Patch) -> None:
    """Pages are told what comes into the outbox, and not what leaves it."""
    patch.setattr(pending, "DropOutgoing", SaveOutgoing)


def values_untold_to_a_new_link(patch: Patch) -> None:
    """What was said while there was no link is never told."""
    patch.setattr(fleeting, "linked", lambda core, link: None)


def values_outlive_their_author(patch: Patch) -> None:
    """A new link leaves what was known of the peer before, which may have forgotten it."""

    def careless(core: Core, link: Link) -> None:
        if link.channel.unlogged is not None:
            link.owed.update(dict.fromkeys(link.channel.unlogged.newest.of(core.me)))
            core.unlogged[link.channel.id] = None

    patch.setattr(fleeting, "linked", careless)


FLEETING = (values_untold_to_a_new_link, values_outlive_their_author)
"""Of messages in no log."""


@pytest.mark.parametrize(
    "plant",
    [
        acknowledge_before_commit,
        seq_reused_after_a_crash,
        close_overtakes_a_message,
        stale_end_taken_for_the_new_one,
        accepted_twice,
        glare_split_in_two,
        applied_twice,
        ids_collide,
        refused_and_yet_applied,
        refusal_forgotten,
        cursor_lost,
        handled_without_its_handler,
        ends_with_its_plugin,
        outbox_dropped_with_its_plugin,
        departure_untold,
        *FLEETING,
    ],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_bug_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    kind: Callable[..., Life] = Life
    if plant in FLEETING:
        kind = functools.partial(Life, scenario=Talk(SPOTS, say_spots))
    with small_bounds():
        for seed in range(SEEDS):
            try:
                kind(seed).run()
            except Violation:
                break
        else:
            pytest.fail(f"{SEEDS} lives, and nothing was found")
        story = story_of(functools.partial(kind, seed, story=True))
    assert "Violation" in story.splitlines()[-1]
