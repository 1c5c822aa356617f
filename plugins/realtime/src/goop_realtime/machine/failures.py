# SPDX-License-Identifier: MIT
"""Messages whose handler failed on a page: what their sender hears with *handled*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.link import Link
from goop_realtime.machine.member import Member
from goop_realtime.model.wire import MAX_FAILED

if TYPE_CHECKING:
    from goop_realtime.machine.core import Core


def note(core: Core, channel: Channel, seq: int, failed: Any) -> None:
    """Of what a page is done with up to ``seq``, its handlers ``failed`` on these numbers.

    Call it before the cursor moves: of several pages the one that is done first decides.
    """
    if not isinstance(failed, list):
        return
    numbers = {n for n in failed if type(n) is int and channel.handled < n <= seq}
    _remember(core, channel, channel.failures, sorted(numbers))


def told(core: Core, channel: Channel, member: Member, failed: list[int]) -> None:
    """A member's handlers failed on these entries."""
    _remember(core, channel, member.failures, failed)


def _remember(core: Core, channel: Channel, known: list[int], numbers: list[int]) -> None:
    new = [n for n in numbers if n not in known]
    if new:
        known[:] = [*known, *new][-MAX_FAILED:]
        core.save(channel)


def untold(link: Link, seq: int) -> list[JsonValue]:
    """Those up to ``seq`` that the other node has not been told of on this link."""
    return [n for n in link.channel.failures if link.acked_page < n <= seq]
