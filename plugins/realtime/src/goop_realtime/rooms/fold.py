# SPDX-License-Identifier: MIT
"""What a room's log comes to: its members, and which messages have their place (pure).

The fold is the same on every node at a position. It goes with every snapshot, so whoever has it
knows of each message id, without the log, whether it was ordered.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec

from goop_realtime.model.message_ids import parsed
from goop_realtime.model.wire import Number, PeerId
from goop_realtime.rooms.entries import Joining, Label, MemberVersion, Opening, RoomEntry
from goop_realtime.rooms.positions import MAX_RUNS, Epoch, Position, Run, Runs

PAGES_PER_AUTHOR = 64
PAGES = 1024
"""Pages whose counters are remembered, of one author and of all: who is silent longest goes."""
HOLES = 64
"""Ranges of a page's counters that were passed over; of what is below them nothing is known."""
MAX_MEMBERS = 64

RunForm = tuple[Number, PeerId, Number]
RunsForm = Annotated[list[RunForm], msgspec.Meta(max_length=MAX_RUNS)]
PageId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.~-]{0,80}\Z")]
Hole = tuple[Number, Number]


class Standing(Enum):
    """What the log says of a message id."""

    NEW = "new"
    """It may be ordered."""
    PLACED = "placed"
    """It has its place."""
    OVERTAKEN = "overtaken"
    """A later message of its page has its place, and it has none."""
    LOST = "lost"
    """Too long ago: nothing is known of it."""


class PageCount(msgspec.Struct, array_like=True, gc=False):
    """Which of a page's messages were ordered, by their counters.

    ``highest`` is the newest one, ordered at the number ``at``; nothing is known of what is not
    above ``floor``; ``holes`` are the ranges between that were passed over, ascending.
    """

    highest: Number
    at: Number
    floor: Number = 0
    holes: Annotated[list[Hole], msgspec.Meta(max_length=HOLES)] = []

    def standing(self, counter: int) -> Standing:
        """What became of the page's message ``counter``."""
        if counter > self.highest:
            return Standing.NEW
        if counter <= self.floor:
            return Standing.LOST
        if any(low <= counter <= high for low, high in self.holes):
            return Standing.OVERTAKEN
        return Standing.PLACED

    def count(self, counter: int, seq: int) -> None:
        """Its message ``counter``, above all before, was ordered as the entry ``seq``."""
        if counter > self.highest + 1:
            self.holes.append((self.highest + 1, counter - 1))
            if len(self.holes) > HOLES:
                self.floor = self.holes.pop(0)[1]
        self.highest, self.at = counter, seq


class CountForm(msgspec.Struct, array_like=True):
    """A page's counters as they are stored and told."""

    author: PeerId
    page: PageId
    count: PageCount


class VersionForm(msgspec.Struct):
    """A version of the room's context, and which members have it."""

    has: MemberVersion
    members: Annotated[list[PeerId], msgspec.Meta(max_length=MAX_MEMBERS)]


class FoldForm(msgspec.Struct, rename="camel"):
    """The fold as it is stored and told: see ``Fold``."""

    room: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{0,32}\Z")]
    opener: PeerId
    opening: Opening
    members: Annotated[list[tuple[PeerId, Label]], msgspec.Meta(max_length=MAX_MEMBERS)]
    runs: RunsForm
    pages: Annotated[list[CountForm], msgspec.Meta(max_length=PAGES)]
    forgot: bool = False
    versions: (
        Annotated[list[VersionForm], msgspec.Meta(max_length=MAX_MEMBERS)] | msgspec.UnsetType
    ) = msgspec.UNSET


NOT_OPENED = Opening(max_peers=2)


class Fold:
    """What the entries up to ``last`` come to."""

    def __init__(self) -> None:
        self.room = ""
        """The id of its ``open`` entry; ``""`` before there is one."""
        self.opener = ""
        self.opening = NOT_OPENED
        self.members: dict[str, str] = {}
        """What each calls itself, by peer id, in the order in which they joined."""
        self.versions: dict[str, MemberVersion] = {}
        """What members have of the room's context, as far as they have said so."""
        self._common: frozenset[str] | None = None
        """The types of messages that all of these have; ``None`` until somebody asks."""
        self.runs = Runs()
        self._pages: dict[str, dict[str, PageCount]] = {}
        """By author and page."""
        self._count = 0
        self.forgot = False
        """Whether any page's counters were given up: of unknown ones less is known then."""

    @property
    def last(self) -> Position:
        """Where it stands."""
        return self.runs.last

    @property
    def is_full(self) -> bool:
        """Whether nobody else may join."""
        return len(self.members) >= self.opening.max_peers

    def who_lacks(self, kind: str) -> str:
        """A member whose version has no messages of that type; ``""`` where all have them."""
        if self._common is None and self.versions:
            sets = [frozenset(has.types) for has in self.versions.values()]
            self._common = frozenset.intersection(*sets)
        if self._common is None or kind in self._common:
            return ""
        return next(peer for peer, has in self.versions.items() if kind not in has.types)

    def standing(self, author: str, message_id: str) -> Standing:
        """What became of a message."""
        page, counter = parsed(message_id)
        count = self._pages.get(author, {}).get(page)
        return Standing.NEW if count is None else count.standing(counter)

    def highest(self, author: str, page: str) -> int:
        """The greatest counter of a page's that was ordered; 0 where none is known."""
        count = self._pages.get(author, {}).get(page)
        return 0 if count is None else count.highest

    def newest(self, author: str) -> int:
        """The number of an author's newest message; 0 where none is known."""
        return max((count.at for count in self._pages.get(author, {}).values()), default=0)

    def take(self, entry: RoomEntry) -> None:
        """Take the next entry in. Its ``raw`` has the form of its kind."""
        self.runs.extend(Epoch(entry.number, entry.host), entry.seq)
        if entry.kind == "msg":
            self._order(entry)
        elif entry.kind == "join":
            joining = msgspec.json.decode(entry.raw, type=Joining)
            self.members.setdefault(entry.author, joining.label)
            if joining.has:
                self.versions[entry.author], self._common = joining.has, None
        elif entry.kind == "leave":
            self.members.pop(entry.author, None)
            self.versions.pop(entry.author, None)
            self._common = None
        else:
            self.room, self.opener = entry.id, entry.author
            self.opening = msgspec.json.decode(entry.raw, type=Opening)

    def _order(self, entry: RoomEntry) -> None:
        page, counter = parsed(entry.id)
        known = self._pages.setdefault(entry.author, {})
        count = known.get(page)
        if count is None:
            floor = counter - 1 if self.forgot else 0
            count = known[page] = PageCount(highest=floor, at=entry.seq, floor=floor, holes=[])
            self._count += 1
            self._make_room(entry.author)
        if counter > count.highest:
            count.count(counter, entry.seq)

    def _make_room(self, author: str) -> None:
        """Give up the counters of whoever was silent for longest, where there are too many."""
        if len(self._pages[author]) > PAGES_PER_AUTHOR:
            authors = [author]
        elif self._count > PAGES:
            authors = list(self._pages)
        else:
            return
        candidates = [
            (count.at, one, page) for one in authors for page, count in self._pages[one].items()
        ]
        _, silent, page = min(candidates)
        del self._pages[silent][page]
        self._count -= 1
        self.forgot = True

    def form(self) -> FoldForm:
        """It, as it is stored and told. What changes here later changes nothing there."""
        return FoldForm(
            room=self.room,
            opener=self.opener,
            opening=self.opening,
            members=list(self.members.items()),
            runs=list(self.runs),
            pages=[
                CountForm(author, page, PageCount(one.highest, one.at, one.floor, list(one.holes)))
                for author, pages in self._pages.items()
                for page, one in pages.items()
            ],
            forgot=self.forgot,
            versions=self._version_forms() or msgspec.UNSET,
        )

    def _version_forms(self) -> list[VersionForm]:
        """Each version once; as a rule all members have the same."""
        found: dict[tuple[str, tuple[str, ...]], VersionForm] = {}
        for peer in self.members:
            has = self.versions.get(peer)
            if has is not None:
                key = (has.version, tuple(has.types))
                found.setdefault(key, VersionForm(has, [])).members.append(peer)
        return list(found.values())

    @classmethod
    def of(cls, form: FoldForm) -> Fold:
        """The fold that was stored or told."""
        fold = cls()
        fold.room, fold.opener, fold.opening = form.room, form.opener, form.opening
        fold.members = dict(form.members)
        for version in form.versions or ():
            fold.versions |= dict.fromkeys(version.members, version.has)
        fold.runs = Runs(Run(*run) for run in form.runs)
        for author, page, one in ((form.author, form.page, form.count) for form in form.pages):
            count = PageCount(one.highest, one.at, one.floor, list(one.holes))
            fold._pages.setdefault(author, {})[page] = count
        fold._count = sum(map(len, fold._pages.values()))
        fold.forgot = form.forgot
        return fold
