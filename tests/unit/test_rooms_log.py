# SPDX-License-Identifier: MIT
"""What a room's log comes to, what two logs share, and the forms of what nodes tell each other."""

from __future__ import annotations

from hashlib import sha512
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.rooms import entry_lines, find_lines, lines
from goop_realtime.rooms.entries import (
    Joining,
    Opening,
    RoomEntry,
    digest_of,
)
from goop_realtime.rooms.fold import HOLES, PAGES_PER_AUTHOR, Fold, FoldForm, Standing
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.log import Base, RoomLog
from goop_realtime.rooms.positions import MAX_RUNS, Epoch, Run, Runs
from goop_realtime.rooms.signatures import Signing, is_signed, signed_bytes


def entry(seq: int, epoch: tuple[int, str] = (1, "h"), **fields: object) -> RoomEntry:
    base = {"kind": "msg", "author": "a", "at": 0, "id": f"p-{seq}", "raw": b"1"} | fields
    return RoomEntry(number=epoch[0], host=epoch[1], seq=seq, **base)  # type: ignore[arg-type]


@st.composite
def branches(draw: st.DrawFn) -> list[list[Epoch]]:
    """Logs, each the epochs of its entries, that grew by hosts beginning anew on any of them."""
    logs: list[list[Epoch]] = [[]]
    for number in range(1, draw(st.integers(1, 12))):
        log = list(draw(st.sampled_from(logs)))
        log = log[: draw(st.integers(0, len(log)))]
        for _ in range(draw(st.integers(1, 4))):
            log.append(Epoch(number, "x"))
            logs.append(list(log))
    return logs


def runs_of(log: list[Epoch]) -> Runs:
    runs = Runs()
    for seq, epoch in enumerate(log, 1):
        runs.extend(epoch, seq)
    return runs


@given(branches(), st.data())
def test_a_fork_is_the_longest_common_past(logs: list[list[Epoch]], data: st.DataObject) -> None:
    one, two = data.draw(st.sampled_from(logs)), data.draw(st.sampled_from(logs))
    fork = runs_of(one).fork(runs_of(two))
    assert fork == runs_of(two).fork(runs_of(one))
    same = 0
    while same < min(len(one), len(two)) and one[same] == two[same]:
        same += 1
    assert fork == same


@given(branches(), st.data())
def test_cutting_runs_is_cutting_the_log(logs: list[list[Epoch]], data: st.DataObject) -> None:
    log = data.draw(st.sampled_from(logs))
    seq = data.draw(st.integers(0, len(log)))
    assert runs_of(log).cut(seq) == runs_of(log[:seq])


def test_the_oldest_runs_are_forgotten_and_share_nothing() -> None:
    old, new = Runs([Run(1, "h", 1)]), Runs([Run(1, "h", 1)])
    for number in range(2, MAX_RUNS + 2):
        new.extend(Epoch(number, "h"), number)
    assert len(new) == MAX_RUNS
    assert new.fork(old) == 0


counters = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("pq"), st.integers(1, 30)))


@given(counters)
def test_the_fold_knows_of_each_id_whether_it_has_its_place(
    said: list[tuple[str, str, int]],
) -> None:
    fold, placed, highest = Fold(), set(), dict[tuple[str, str], int]()
    seq = 0
    for author, page, counter in said:
        if fold.standing(author, f"{page}-{counter}") is Standing.NEW:
            seq += 1
            fold.take(entry(seq, author=author, id=f"{page}-{counter}"))
            placed.add((author, page, counter))
            highest[author, page] = counter
    for (author, page), top in highest.items():
        for counter in range(1, 32):
            expected = (
                Standing.PLACED
                if (author, page, counter) in placed
                else Standing.NEW
                if counter > top
                else Standing.OVERTAKEN
            )
            assert fold.standing(author, f"{page}-{counter}") is expected


@given(counters)
def test_a_fold_survives_being_told(said: list[tuple[str, str, int]]) -> None:
    fold = Fold()
    raw = msgspec.json.encode(Opening(max_peers=4, context="arcade_1"))
    fold.take(entry(1, kind="open", id="0f" * 8, raw=raw))
    fold.take(entry(2, kind="join", raw=msgspec.json.encode(Joining("Alice"))))
    for seq, (author, page, counter) in enumerate(said, 3):
        fold.take(entry(seq, author=author, id=f"{page}-{counter}"))
    form = msgspec.json.decode(msgspec.json.encode(fold.form()), type=FoldForm)
    again = Fold.of(form)
    assert again.form() == fold.form()
    assert (again.room, again.members, again.opening.max_peers) == ("0f" * 8, {"a": "Alice"}, 4)


def test_what_is_told_of_a_fold_does_not_change_with_it() -> None:
    fold = Fold()
    fold.take(entry(1, id="p-1"))
    told = msgspec.json.encode(fold.form())
    form = fold.form()
    fold.take(entry(2, id="p-7"))
    Fold.of(form).take(entry(2, id="p-9"))
    assert msgspec.json.encode(form) == told


def test_of_holes_beyond_the_bound_nothing_is_claimed() -> None:
    fold = Fold()
    for n in range(HOLES + 2):
        fold.take(entry(n + 1, id=f"p-{2 * n + 2}"))
    assert fold.standing("a", "p-1") is Standing.LOST
    assert fold.standing("a", "p-2") is Standing.LOST
    assert fold.standing("a", f"p-{2 * HOLES + 1}") is Standing.OVERTAKEN
    assert fold.standing("a", f"p-{2 * HOLES + 2}") is Standing.PLACED


def test_the_page_that_was_silent_longest_is_forgotten() -> None:
    fold = Fold()
    for n in range(PAGES_PER_AUTHOR):
        fold.take(entry(n + 1, id=f"page{n}-3"))
    fold.take(entry(PAGES_PER_AUTHOR + 1, id="page0-4"))
    assert not fold.forgot
    fold.take(entry(PAGES_PER_AUTHOR + 2, id="one-more-1"))
    assert fold.forgot
    assert fold.highest("a", "page0") == 4
    assert fold.highest("a", "page1") == 0
    # One that was forgotten goes on, and of what it said before nothing is claimed.
    fold.take(entry(PAGES_PER_AUTHOR + 3, id="page1-9"))
    assert fold.standing("a", "page1-3") is Standing.LOST
    assert fold.standing("a", "page1-10") is Standing.NEW


@given(st.lists(st.integers(0, 9), max_size=30), st.data())
def test_a_log_is_cut_and_trimmed(sizes: list[int], data: st.DataObject) -> None:
    log, everything = RoomLog(), []
    for seq, size in enumerate(sizes, 1):
        everything.append(entry(seq, raw=b"x" * size))
        log.append(everything[-1])
    start = data.draw(st.integers(0, len(sizes)))
    log.trim(Base(log.fold_at(start).form()))
    last = data.draw(st.integers(start, len(sizes)))
    assert log.cut(last) == everything[last:]
    assert (log.start, log.last, len(log)) == (start, last, last - start)
    assert list(log.after(0)) == everything[start:last]
    assert log.size == sum(sizes[start:last])
    low = data.draw(st.integers(start, last))
    assert log.bytes_between(low, last) == sum(sizes[low:last])
    assert log.fold_at(last).runs.last.seq == last


def test_an_entry_travels_unchanged() -> None:
    for one in (
        entry(3, salt=b"s" * 16, sig=b"g" * 64, raw=b'{"n":1.0}'),
        entry(3, to="b", digest=b"d" * 32, salt=b"s" * 16),
        entry(3, kind="leave", raw=b'{"next":"b"}', id=""),
    ):
        for current in ((1, "h"), (2, "i")):
            told = lines.parse(serialise(entry_lines.entry_line(one, current)))
            assert isinstance(told, lines.EntryLine)
            assert entry_lines.entry_of(told, current) == one


def test_others_get_a_private_entry_without_its_content() -> None:
    one = entry(3, to="b", digest=b"d" * 32, salt=b"s" * 16, raw=b'"secret"')
    raw = serialise(entry_lines.entry_line(one, (1, "h"), withheld=True))
    assert b"secret" not in raw
    told = lines.parse(raw)
    assert isinstance(told, lines.EntryLine)
    found = entry_lines.entry_of(told, (1, "h"))
    assert found.withheld
    assert (found.digest, found.salt) == (one.digest, b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"type":"ack","seq":-1}',
        b'{"type":"msg","id":"p","data":1}',
        b'{"type":"msg","id":"p-1"}',
        b'{"type":"entry","seq":1,"author":"a","id":"p-1"}',
        b'{"type":"entry","seq":1,"author":"a","kind":"open","id":"x","data":{"maxPeers":1}}',
        b'{"type":"entry","seq":1,"author":"a","kind":"join","data":{"label":1}}',
        b'{"type":"entry","seq":1,"author":"a","kind":"kick","data":{}}',
        b'{"type":"join","room":"a b"}',
        b'{"type":"msg","id":"p-1","data":' + b"[" * 60 + b"]" * 60 + b"}",
    ],
)
def test_what_has_not_its_form_is_no_line(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        lines.parse(raw)


def test_unknown_types_and_fields_are_ignored() -> None:
    assert lines.parse(b'{"type":"brandnew","seq":-1}') is None
    assert find_lines.parse(b'{"type":"brandnew"}') is None
    assert lines.parse(b'{"type":"ack","seq":4,"more":[1]}') == lines.Ack(seq=4)


def test_a_signature_is_for_one_message_in_one_room() -> None:
    signing = Signing(
        sign=lambda said: sha512(said).digest(),
        verify=lambda peer, said, sig: sig == sha512(said).digest(),
    )

    def signed(room: str, one: RoomEntry, digest: bytes) -> RoomEntry:
        said = signed_bytes(room, one.id, one.author, one.to, digest)
        return msgspec.structs.replace(one, sig=signing.sign(said))

    salt, raw = b"s" * 16, b'"hello"'
    public = signed("r", entry(1, raw=raw, salt=salt), digest_of(salt, raw))
    assert is_signed(signing, "r", public, {})
    assert not is_signed(signing, "other", public, {})
    for changed in ({"raw": b'"bye"'}, {"author": "b"}, {"id": "p-2"}, {"to": "b"}):
        assert not is_signed(signing, "r", msgspec.structs.replace(public, **changed), {})
    private = entry(1, to="b", raw=raw, salt=salt, digest=digest_of(salt, raw))
    private = signed("r", private, private.digest)
    assert is_signed(signing, "r", private, {})
    assert is_signed(signing, "r", msgspec.structs.replace(private, raw=b"", salt=b""), {})
    assert not is_signed(signing, "r", msgspec.structs.replace(private, raw=b'"bye"'), {})


def test_later_epochs_are_greater() -> None:
    epochs = [Epoch(1, "b"), Epoch(2, "a"), Epoch(2, "b")]
    assert all(one < two for one, two in pairwise(epochs))
