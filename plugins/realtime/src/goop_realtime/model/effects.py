# SPDX-License-Identifier: MIT
"""What the state machines ask their driver to do.

The driver takes one batch at a time. It commits every record of the batch first and carries
out the rest, in order, only when that commit stands: so nothing is said to anybody that a
crash could take back.
"""

from __future__ import annotations

from typing import Any

import msgspec

from goop_realtime.model.wire import Line


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a channel's log. ``kind`` is ``msg`` or ``close``; ``at`` is Unix ms."""

    epoch: int
    seq: int
    id: str
    author: str
    at: int
    kind: str
    raw: bytes

    @property
    def position(self) -> tuple[int, int]:
        """``(epoch, seq)``."""
        return (self.epoch, self.seq)


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A message that its author's node has accepted and its host has not ordered yet."""

    id: str
    at: int
    kind: str
    raw: bytes


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of a message id: ordered at ``(epoch, seq)``, or refused with a ``code``."""

    epoch: int = 0
    seq: int = 0
    code: str = ""
    reason: str = ""
    pointer: str = ""


# Records: committed before anything else of their batch.


class SaveChannel(msgspec.Struct, frozen=True):
    """Write the channel's row."""

    channel: str
    row: dict[str, Any]


class SaveMember(msgspec.Struct, frozen=True):
    """Write the row of one of its members, which is named by peer id."""

    channel: str
    peer: str
    row: dict[str, Any]


class DropChannel(msgspec.Struct, frozen=True):
    """Forget the channel and all that belongs to it."""

    channel: str


class SaveEntry(msgspec.Struct, frozen=True, gc=False):
    """Append an entry to the channel's log."""

    channel: str
    entry: Entry


class TrimLog(msgspec.Struct, frozen=True):
    """Forget the entries up to and including ``seq``, but remember their ids as ordered.

    ``snapshot`` is the state behind them.
    """

    channel: str
    epoch: int
    seq: int
    snapshot: bytes


class SaveOutgoing(msgspec.Struct, frozen=True, gc=False):
    """Put a message into the channel's outbox."""

    channel: str
    outgoing: Outgoing


class DropOutgoing(msgspec.Struct, frozen=True, gc=False):
    """Take a message out of the channel's outbox."""

    channel: str
    id: str


class SaveOutcome(msgspec.Struct, frozen=True, gc=False):
    """Remember what became of an author's message id."""

    channel: str
    author: str
    id: str
    outcome: Outcome


class SaveCursor(msgspec.Struct, frozen=True, gc=False):
    """Remember how far the pages of ``peer`` are: ``handled``, or up to where only ``written``."""

    channel: str
    peer: str
    name: str
    seq: int


RECORDS = (
    SaveChannel,
    SaveMember,
    DropChannel,
    SaveEntry,
    TrimLog,
    SaveOutgoing,
    DropOutgoing,
    SaveOutcome,
    SaveCursor,
)
RECORD_KINDS = frozenset(RECORDS)
Record = (
    SaveChannel
    | SaveMember
    | DropChannel
    | SaveEntry
    | TrimLog
    | SaveOutgoing
    | DropOutgoing
    | SaveOutcome
    | SaveCursor
)

# Actions: carried out in order, after the batch's records are committed.


class SendControl(msgspec.Struct, frozen=True):
    """Send one line to a peer outside any channel's stream; tell the core when that fails."""

    peer: str
    line: Line


class OpenLink(msgspec.Struct, frozen=True):
    """Open a stream to the host of a channel; ``link_opened`` or ``link_failed`` answers."""

    channel: str
    peer: str


class SendLine(msgspec.Struct, frozen=True, gc=False):
    """Write a line on a stream."""

    link: int
    data: bytes
    channel: str = ""


class CloseLink(msgspec.Struct, frozen=True):
    """End a stream: in good order (``drain``) or at once."""

    link: int
    drain: bool = True
    channel: str = ""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """Give a page a frame. Of those with the same ``newest``, only the newest is worth waiting."""

    page: str
    data: bytes
    newest: str = ""
    channel: str = ""


class Committed(msgspec.Struct, frozen=True, gc=False):
    """Tell the context's plugin of an entry that is in the log for good."""

    channel: str
    entry: Entry


class Changed(msgspec.Struct, frozen=True):
    """A channel's state changed: wake whoever waits for that."""

    channel: str


QUIET = frozenset(
    (SaveEntry, SaveOutgoing, DropOutgoing, SaveCursor, TrimLog, SendLine, Frame, Committed)
)
"""Effects of messages that come and go; whatever else may change when to look again."""

Action = SendControl | OpenLink | SendLine | CloseLink | Frame | Committed | Changed
Effect = Record | Action


def channel_of(effect: Effect) -> str:
    """The channel that an effect is about; ``""`` for a frame that is about none."""
    return effect.line.group if isinstance(effect, SendControl) else effect.channel
