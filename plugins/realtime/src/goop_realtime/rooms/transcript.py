# SPDX-License-Identifier: MIT
"""A room's log as a file that anybody can check later, without a node (pure).

JSON Lines: the first one is ``{"type": "transcript", …}`` (``Head``), every other one an entry as
``docs/protocol.md`` has it, always with its epoch. What is proved is who said what, and in which
room: each author has signed that. In which order it came about is what the hosts say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import PeerId
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.entry_lines import entry_line, entry_of
from goop_realtime.rooms.forms import ContextName, Reader, RoomId, RoomLine, serialise
from goop_realtime.rooms.lines import EntryId, EntryLine, parse
from goop_realtime.rooms.positions import NO_EPOCH
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.signatures import Roots, Signing, is_signed

MOST_FAULTS = 20
"""How many faults of a file are told; the others are only counted."""


class Head(RoomLine, tag="transcript", kw_only=True):
    """The first line: of which room it is, whose node wrote it, and when (Unix ms).

    ``room`` is the id of the room's ``open`` entry, which every signature is about.
    """

    version: int = 1
    room: EntryId
    name: RoomId
    context: ContextName = ""
    by: PeerId
    at: int


_heads = Reader(Head | EntryLine)


def transcript(room: Room, by: str, now: int) -> Iterator[bytes]:
    """What this node still holds of the room's log, as lines without newlines.

    Private messages between others are in it as everybody has them: without their content, also
    where this node had to see it as host.
    """
    yield serialise(
        Head(room=room.fold.room, name=room.id, context=room.context_name, by=by, at=now)
    )
    for entry in room.log.after(0):
        withheld = bool(entry.to) and not room.concerns_us(entry)
        yield serialise(entry_line(entry, NO_EPOCH, withheld=withheld))


@dataclass
class Report:
    """What a transcript is worth."""

    head: Head | None = None
    entries: int = 0
    first: int = 0
    """The number of its first entry; 1 where it begins with the room."""
    said: Counter[str] = field(default_factory=Counter)
    """Messages by author, all of them signed."""
    withheld: int = 0
    """Private messages among them whose content is not in it."""
    faults: list[str] = field(default_factory=list)
    """What is wrong, by line, the first ``MOST_FAULTS``."""
    wrong: int = 0
    """How many lines are wrong."""

    def fault(self, number: int, what: str) -> None:
        """A line says what is not true."""
        self.wrong += 1
        if self.wrong <= MOST_FAULTS:
            self.faults.append(f"line {number}: {what}")


def check(lines: Iterable[bytes], verify: Callable[[str, bytes, bytes], bool]) -> Report:
    """Check a transcript, line by line: its form, its order, every signature, who was a member.

    ``verify(peer_id, data, signature)`` says whether that peer has signed that.
    """
    report, signing = Report(), Signing(sign=lambda _: b"", verify=verify)
    last: RoomEntry | None = None
    members: set[str] | None = None
    roots: Roots = {}
    for number, raw in enumerate(lines, start=1):
        if number == 1:
            report.head = _head(report, raw)
            if report.head is None:
                break
            continue
        entry = _entry(report, number, raw)
        if entry is None:
            continue
        assert report.head is not None
        if last is None:
            report.first = entry.seq
            members = set() if entry.kind == "open" else None
        fault = _order(last, entry) or _standing(report.head, entry, members)
        if fault or not is_signed(signing, report.head.room, entry, roots):
            report.fault(number, fault or f"{entry.author} has not signed {entry.id!r}")
        elif entry.kind == "msg":
            report.said[entry.author] += 1
            report.withheld += entry.withheld
        report.entries += 1
        last = entry
    if report.head is None and not report.faults:
        report.fault(1, "it is empty")
    return report


def _head(report: Report, raw: bytes) -> Head | None:
    try:
        line = _heads.read(raw)
    except MalformedJson as error:
        report.fault(1, error.reason)
        return None
    if not isinstance(line, Head):
        report.fault(1, 'expected {"type": "transcript", ...}: this is no transcript of a room')
        return None
    if line.version != 1:
        report.fault(1, f"its version is {line.version}, and this program reads version 1")
        return None
    return line


def _entry(report: Report, number: int, raw: bytes) -> RoomEntry | None:
    try:
        line = parse(raw)
    except MalformedJson as error:
        report.fault(number, error.reason)
        return None
    if not isinstance(line, EntryLine) or line.epoch is None:
        report.fault(number, "expected an entry with its epoch")
        return None
    return entry_of(line, line.epoch)


def _order(last: RoomEntry | None, entry: RoomEntry) -> str:
    """What is wrong with its place, or nothing."""
    if last is None:
        return ""
    if entry.seq != last.seq + 1:
        return f"entry {entry.seq} behind {last.seq}: something is missing, or not in order"
    if entry.epoch < last.epoch:
        return f"it is of an older host's time than entry {last.seq}"
    return ""


def _standing(head: Head, entry: RoomEntry, members: set[str] | None) -> str:
    """What is wrong with its kind or author, or nothing. ``members`` are not known of a transcript
    that does not begin with the room."""
    if entry.kind == "open":
        if entry.seq != 1:
            return "a room is opened once, by its first entry"
        return "" if entry.id == head.room else f"it opens room {entry.id!r}, not {head.room!r}"
    if members is None:
        return ""
    if entry.kind == "join":
        members.add(entry.author)
    elif entry.author not in members:
        return f"{entry.author} is no member there"
    elif entry.kind == "leave":
        members.discard(entry.author)
    return ""
