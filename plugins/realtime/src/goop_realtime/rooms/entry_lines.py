# SPDX-License-Identifier: MIT
"""Entries as a room's stream carries them. Of the stream's own epoch nothing is said."""

from __future__ import annotations

import msgspec

from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.lines import EMPTY, EntryLine


def entry_line(entry: RoomEntry, current: tuple[int, str], *, withheld: bool = False) -> EntryLine:
    """The line of an entry, on a stream of the epoch ``current``."""
    hides = withheld or entry.withheld
    epoch = (entry.number, entry.host)
    return EntryLine(
        seq=entry.seq,
        kind=entry.kind,
        author=entry.author,
        at=entry.at,
        id=entry.id,
        epoch=None if epoch == current else epoch,
        to=entry.to,
        data=EMPTY if hides else msgspec.Raw(entry.raw),
        salt=b"" if hides else entry.salt,
        sig=entry.sig,
        digest=entry.digest,
    )


def entry_of(line: EntryLine, current: tuple[int, str]) -> RoomEntry:
    """The entry that a line on a stream of the epoch ``current`` brings."""
    number, host = line.epoch or current
    return RoomEntry(
        number=number,
        host=host,
        seq=line.seq,
        kind=line.kind,
        author=line.author,
        at=line.at,
        id=line.id,
        to=line.to,
        raw=bytes(line.data),
        salt=line.salt,
        sig=line.sig,
        digest=line.digest,
    )
