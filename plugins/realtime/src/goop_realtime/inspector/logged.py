# SPDX-License-Identifier: MIT
"""A log as tests hold it: plain values, which ``goop_realtime.testing.kit.replay`` takes (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Place, Recorded, Recording
from goop_realtime.contexts.registry import Context
from goop_realtime.types import Joined, Left, LogEntry, Message, OpenRequest, Snapshot

Count = Annotated[int, msgspec.Meta(ge=0)]


class LoggedEntry(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"sender": "from"},
):
    """One entry, of a message (``from``, ``data``, ``id``), or of who ``joined`` or ``left`` a
    room. ``at`` is Unix ms, ``host`` the member of a room that gave it its place."""

    sender: str = ""
    data: Any = None
    id: str = ""
    joined: str = ""
    label: str = ""
    left: str = ""
    lost: bool = False
    at: int
    host: str = ""

    @property
    def event(self) -> LogEntry:
        """What a Session is told. Raises ``ValueError`` for what is none of the three."""
        if [bool(self.sender), bool(self.joined), bool(self.left)].count(True) != 1:
            raise ValueError('an entry has one of "from", "joined" and "left"')
        if self.joined:
            return Joined(peer=self.joined, label=self.label, at_ms=self.at, host=self.host)
        if self.left:
            return Left(peer=self.left, lost=self.lost, at_ms=self.at, host=self.host)
        return Message(
            sender=self.sender, data=self.data, id=self.id, sent_at_ms=self.at, host=self.host
        )


class LoggedStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state that a log begins with whose beginning was cut off."""

    epoch: int
    seq: int
    state: Any


class Logged(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """How a channel or ``room`` was opened, and what was said in it.

    ``recorded_with`` is the version of the context that has folded it, and ``judged`` how many of
    the entries, from the first, other versions had judged before: these are not judged again. The
    other names are those of ``OpenRequest``.
    """

    channel: str
    context: str
    recorded_with: str
    opener: str
    peers: tuple[str, ...]
    room: bool = False
    params: Any = None
    initial_state: Any = None
    version: str = ""
    snapshot: LoggedStart | None = None
    judged: Count = 0
    entries: tuple[LoggedEntry, ...]

    def recording(self, context: Context) -> Recording:
        """To be folded by ``context``. Taking its entries raises ``ValueError`` for wrong ones."""
        start = self.snapshot
        first = None
        if start is not None:
            first = Snapshot(epoch=start.epoch, seq=start.seq, state=start.state)
        return Recording(
            context=context,
            request=OpenRequest(
                channel=self.channel,
                context=self.context,
                opener=self.opener,
                peers=self.peers,
                params=self.params,
                initial_state=self.initial_state,
                version=self.version,
            ),
            room=self.room,
            snapshot=first,
            start=Place(0, 0),
            last=Place(0, len(self.entries)),
            judged=self.judged,
            obstacle=None,
            entries=self._recorded(),
        )

    def _recorded(self) -> Iterator[Recorded]:
        for number, one in enumerate(self.entries, 1):
            kind = "join" if one.joined else "leave" if one.left else "msg"
            author = one.sender or one.joined or one.left
            place = Place(0, number, one.host)
            yield Recorded(
                place=place,
                kind=kind,
                author=author,
                at=one.at,
                id=one.id,
                data=one.data,
                event=one.event,
            )


def logged(recording: Recording, entries: Sequence[Recorded]) -> Logged:
    """A recording with its ``entries``, as far as a Session is told of them."""
    request, first = recording.request, recording.snapshot
    told = [one for one in entries if one.event is not None]
    return Logged(
        channel=request.channel,
        context=request.context,
        recorded_with=recording.context.type.version,
        opener=request.opener,
        peers=request.peers,
        room=recording.room,
        params=request.params,
        initial_state=request.initial_state,
        version=request.version,
        snapshot=None
        if first is None
        else LoggedStart(epoch=first.epoch, seq=first.seq, state=first.state),
        judged=sum(one.place.seq <= recording.judged for one in told),
        entries=tuple(_entry(one.event) for one in told if one.event is not None),
    )


def _entry(event: LogEntry) -> LoggedEntry:
    if isinstance(event, Joined):
        return LoggedEntry(joined=event.peer, label=event.label, at=event.at_ms, host=event.host)
    if isinstance(event, Left):
        return LoggedEntry(left=event.peer, lost=event.lost, at=event.at_ms, host=event.host)
    return LoggedEntry(
        sender=event.sender,
        data=event.data,
        id=event.id,
        at=event.sent_at_ms,
        host=event.host,
    )


def read(value: JsonValue) -> Logged:
    """A log of a file. Raises ``ValueError``, in words and with the place."""
    try:
        return msgspec.convert(value, Logged)
    except msgspec.ValidationError as error:
        raise ValueError(f"the log: {error}") from None
