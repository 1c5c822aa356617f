# SPDX-License-Identifier: MIT
"""The eye on what simulated pages are told: every message once and in order, and no untruth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goop_realtime.model.message_ids import parsed
from goop_realtime.testing.seen import Seen, demand

if TYPE_CHECKING:
    from goop_realtime.testing.page import Place, SimPage
    from goop_realtime.testing.simulator import World


class PageWatch:
    """What pages were given and told so far, and what must hold of it."""

    def __init__(self, world: World, seen: Seen) -> None:
        self._world = world
        self._seen = seen
        self._handled: set[tuple[str, str, str]] = set()
        """``(node, channel, message id)``."""
        self._pending: dict[tuple[SimPage, str], int] = {}
        """What the present batch has told last of what is on its way."""
        self._handed: dict[tuple[str, str, str], int] = {}
        """``(node, channel, message id)`` -> when a page was last given it."""

    def forgets(self, who: str) -> None:
        """A node has lost commits: it may hand out as new what it has handed out before."""
        for key in [key for key in self._handed if key[0] == who]:
            del self._handed[key]

    def given(
        self,
        page: SimPage,
        channel_id: str,
        message_id: str,
        before: Place | None,
        place: Place,
        redelivered: bool,
    ) -> None:
        """A page's handler gets a message."""
        who = page.node.peer_id
        demand(
            message_id not in page.got.get(channel_id, ()), f"{page.id} is given {message_id} again"
        )
        demand(parsed(message_id).page != page.id, f"{page.id} is given its own {message_id}")
        demand(channel_id in self._seen.consented, f"{page.id} is given a message nobody agreed to")
        if before is not None and who not in self._seen.lossy:
            history = self._seen.history.get((who, channel_id), {})
            for seq in range(before[1] + 1, place[1]):
                missing = history[seq][1] if seq in history else "an unknown entry"
                demand(
                    parsed(missing).page == page.id,
                    f"{page.id} was given {place} after {before}: no word of {seq} ({missing})",
                )
        key = (who, channel_id, message_id)
        if key in self._handed and self._handed[key] < page.born:
            demand(redelivered, f"{page.id} is given {message_id}, handed out before, as new")
        self._handed[key] = self._world.now
        self._seen.counts["redelivered" if redelivered else "message"] += 1
        self._world.tell(f"{page.id} gets {message_id} {place[1]}{' again' * redelivered}")

    def ended(self, page: SimPage, channel_id: str) -> None:
        """A page is told that a channel has ended: there is nothing more to come.

        But for what the log still gets before the close that a person on this node asked for.
        """
        channel = page.node.engine.core.channels.get(channel_id)
        after = page.after.get(channel_id)
        if channel is None or not channel.final or after is None or channel_id in page.ended:
            return
        rest = list(channel.log.after(after[1]))
        if rest and (rest[-1].kind, rest[-1].author) == ("close", page.node.peer_id):
            return
        for entry in rest:
            own = entry.author == page.node.peer_id and parsed(entry.id).page == page.id
            demand(entry.kind != "msg" or own, f"{page.id} is told the end before {entry.id}")

    def handled(self, page: SimPage, channel_id: str, message_id: str) -> None:
        """A page's handler has returned."""
        self._handled.add((page.node.peer_id, channel_id, message_id))

    def receipt(self, page: SimPage, channel_id: str, message_id: str, stage: str) -> None:
        """A page is told how far its message is: that must be true of the other node."""
        demand(
            (channel_id, message_id) not in self._seen.told_refused,
            f"{message_id} is {stage} and refused",
        )
        other = next(iter(self._seen.parties[channel_id] - {page.node.peer_id}))
        key = (other, channel_id, message_id)
        if stage in ("delivered", "handled"):
            demand(key in self._seen.ever, f"{message_id} is {stage}, but {other} never had it")
        if stage == "handled":
            demand(key in self._handled, f"{message_id} is handled by no page of {other}")

    def carried_out(self) -> None:
        """What a batch told last of what is on its way is how it stands on the disk behind it."""
        for (page, channel_id), count in self._pending.items():
            kept = page.node.journal.outbox(channel_id)
            demand(count == kept, f"{page.id} is told {count} are on their way, and {kept} are")
        self._pending.clear()

    def pending(self, page: SimPage, channel_id: str, count: int) -> None:
        """A page is told how many messages are on their way."""
        self._pending[page, channel_id] = count
        self._seen.counts["frame pending" if count else "frame pending 0"] += 1

    def refused(self, page: SimPage, channel_id: str, message_id: str, code: str) -> None:
        """A page is told that its message was applied nowhere."""
        self._seen.counts[f"refused {code}"] += 1
        self._world.tell(f"{page.id} is told {code} of {message_id}")
        self._seen.told_refused.add((channel_id, message_id))
        self._seen.refusals.add((channel_id, message_id))
        for peer in self._world.nodes:
            demand(
                message_id not in self._seen.ids.get((peer, channel_id), ()),
                f"{page.id} is told {code} of {message_id}, which {peer} has applied",
            )
