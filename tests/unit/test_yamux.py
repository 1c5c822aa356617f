# SPDX-License-Identifier: MIT
"""Yamux as its specification has it, frame by frame; and what a peer may not do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p import limits
from goop_node.p2p.data_path import outgoing
from goop_node.p2p.data_path.credit import INITIAL
from goop_node.p2p.data_path.yamux import STALE_SECONDS, Breach
from tests.unit.yamux_ends import End, Frame, carry, encoded, frames

DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8


def test_a_stream_from_its_beginning_to_its_end() -> None:
    a, b = End(True), End(False)
    stream = a.open()
    assert not a.waiting  # what is said on it follows at once
    stream.write(b"hello")
    stream.finish()
    assert list(frames(a.all())) == [
        Frame(WINDOW, SYN, 1, 0),
        Frame(DATA, 0, 1, 5, b"hello"),
        Frame(WINDOW, FIN, 1, 0),
    ]
    b.receive(encoded(WINDOW, SYN, 1) + encoded(DATA, 0, 1, body=b"hello"))
    (theirs,) = b.accepted
    assert (theirs.read(), theirs.at_end) == (b"hello", False)
    theirs.write(b"bye")
    assert list(frames(b.all())) == [Frame(WINDOW, ACK, 1, 0), Frame(DATA, 0, 1, 3, b"bye")]
    b.receive(encoded(WINDOW, FIN, 1))
    theirs.finish()
    assert list(frames(b.all())) == [Frame(WINDOW, FIN, 1, 0)]
    assert theirs.at_end
    assert theirs.over
    assert not b.yamux.streams
    a.receive(encoded(WINDOW, ACK, 1) + encoded(DATA, FIN, 1, body=b"bye"))
    assert a.yamux.streams  # until it was read
    assert stream.read() == b"bye"
    assert stream.at_end
    assert not a.yamux.streams


@pytest.mark.parametrize("initiator", [True, False])
def test_each_side_has_its_numbers(initiator: bool) -> None:
    end = End(initiator)
    first, second = (end.open().number for _ in range(2))
    assert (first, second) == ((1, 3) if initiator else (2, 4))


@pytest.mark.parametrize("kind", [DATA, WINDOW])
def test_data_may_come_with_the_beginning_and_the_end(kind: int) -> None:
    end = End(False)
    body = b"all of it" if kind == DATA else b""
    end.receive(encoded(kind, SYN | FIN, 1, body=body))
    (stream,) = end.accepted
    assert stream.read() == body
    assert stream.at_end


def test_a_beginning_may_bring_credit() -> None:
    end = End(False)
    end.receive(encoded(WINDOW, SYN, 1, 1000))
    assert end.accepted[0].send_window == INITIAL + 1000


def test_pings_are_answered_and_measured() -> None:
    end = End(True)
    assert end.answers(encoded(PING, SYN, 0, 7)) == [Frame(PING, ACK, 0, 7)]
    end.yamux.ping(end.now)
    (ping,) = frames(end.all())
    assert (ping.kind, ping.flags, ping.number) == (PING, SYN, 0)
    end.now += 0.25
    end.receive(encoded(PING, ACK, 0, ping.length + 1))
    assert end.yamux.round_trip == 0.0
    for _ in range(2):  # once is enough
        end.receive(encoded(PING, ACK, 0, ping.length))
        assert end.yamux.round_trip == 0.25
        end.now += 1


def test_only_the_newest_pings_wait_for_their_answers() -> None:
    end = End(True)
    flood = b"".join(encoded(PING, SYN, 0, n + 1) for n in range(1000))
    pongs = [one.length for one in end.answers(flood)]
    assert pongs == list(range(1001 - outgoing.MAX_PONGS, 1001))


def test_who_takes_leave_says_nothing_more() -> None:
    a, b = End(True), End(False)
    a.yamux.go_away(0)
    b.receive(a.all() + encoded(WINDOW, SYN, 1))
    assert b.yamux.gone
    assert not b.accepted


def test_what_came_before_a_reset_is_shown_first() -> None:
    end = End(False)
    end.receive(encoded(WINDOW, SYN, 1))
    (stream,) = end.accepted
    told: list[tuple[bytes, str]] = []
    stream.on_input = lambda: told.append((stream.read(), stream.end))
    end.receive(encoded(DATA, 0, 1, body=b"last words") + encoded(WINDOW, RST, 1, 7))
    assert told == [(b"last words", ""), (b"", "reset")]
    assert stream.send_window == INITIAL  # 7 is the code of an error
    stream.write(b"too late")
    stream.finish()
    stream.abort()
    assert [one.flags for one in frames(end.all())] == [ACK]


def test_an_abort_drops_what_is_queued_and_what_was_under_way() -> None:
    end = End(True)
    stream = end.open()
    stream.write(b"never sent")
    stream.abort()
    assert [one.flags for one in frames(end.all())] == [SYN, RST]
    end.receive(encoded(DATA, 0, 1, body=b"under way"))
    assert not end.yamux.streams
    assert not end.budget.held


def test_beyond_its_share_a_peer_is_refused() -> None:
    end = End(False, share=3)
    for number in (1, 3, 5, 7):
        end.receive(encoded(DATA, SYN, number, body=b"x"))
    assert [stream.number for stream in end.accepted] == [1, 3, 5]
    assert Frame(WINDOW, RST, 7, 0) in frames(end.all())
    end.accepted[0].abort()
    end.receive(encoded(WINDOW, SYN, 9))
    assert end.accepted[-1].number == 9


def test_what_opens_and_resets_in_one_breath_is_nobodys_work() -> None:
    end = End(False)
    for number in range(1, 2001, 2):
        end.receive(encoded(WINDOW, SYN, number) + encoded(WINDOW, RST, number))
        end.all()
    assert not end.accepted
    assert not end.yamux.streams


BREACHES = {
    "another version": b"\1" + encoded(PING, SYN, 0)[1:],
    "an unknown kind": encoded(4, 0, 1),
    "more than the window": encoded(DATA, SYN, 1, INITIAL + 1),
    "more than the window, piece by piece": encoded(DATA, SYN, 1, body=bytes(INITIAL))
    + encoded(DATA, 0, 1, 1),
    "more than any window, without a stream": encoded(DATA, 0, 1, limits.MAX_WINDOW + 1),
    "more than the window of a refused one": encoded(WINDOW, SYN, 5)
    + encoded(DATA, SYN, 7, INITIAL + 1),
    "our numbers": encoded(WINDOW, SYN, 2),
    "no number": encoded(WINDOW, SYN, 0),
    "a number that is open": 2 * encoded(WINDOW, SYN, 1),
    "a number that was open": encoded(WINDOW, SYN, 1)
    + encoded(WINDOW, RST, 1)
    + encoded(WINDOW, SYN, 1),
    "refusals that nobody takes": b"".join(encoded(WINDOW, SYN, n) for n in range(9, 9999, 2)),
}


@pytest.mark.parametrize("data", BREACHES.values(), ids=BREACHES)
def test_breaches(data: bytes) -> None:
    end = End(False, share=1)
    with pytest.raises(Breach):
        end.receive(data)


def test_a_breach_ends_before_its_bytes_are_read() -> None:
    end = End(False)
    with pytest.raises(Breach):
        end.receive(encoded(WINDOW, SYN, 1) + encoded(DATA, 0, 1, INITIAL + 1, bytes(5000)))
    assert not end.yamux.streams[1].came
    assert not end.budget.held


def test_who_holds_too_much_is_dropped_and_in_the_end_cut() -> None:
    end = End(False, each=3 * INITIAL)

    def hold() -> None:
        for number in range(1, 99, 2):
            end.receive(encoded(DATA, SYN, number, body=bytes(INITIAL)))
            assert end.budget.held <= 3 * INITIAL

    with pytest.raises(Breach, match="dropped"):
        hold()
    ends = [stream.end for stream in end.accepted]
    assert ends.count("dropped") == limits.MAX_DROPPED + 1


def test_who_reads_nothing_any_more_is_granted_nothing() -> None:
    end = End(False)
    end.receive(encoded(DATA, SYN, 1, body=bytes(INITIAL // 2)))
    end.accepted[0].ignore()
    end.receive(encoded(DATA, 0, 1, body=bytes(INITIAL // 2)))
    assert [one.flags for one in frames(end.all())] == [ACK]
    assert not end.budget.held
    with pytest.raises(Breach):
        end.receive(encoded(DATA, 0, 1, body=b"x"))


def test_what_nobody_reads_on_a_stream_that_is_over_goes_in_time() -> None:
    end = End(False)
    end.receive(encoded(DATA, SYN | FIN, 1, body=b"left"))
    end.accepted[0].finish()
    end.all()
    for seconds, left in ((STALE_SECONDS - 1, 1), (2, 0)):
        end.now += seconds
        end.yamux.sweep(end.now)
        assert len(end.yamux.streams) == left
    assert not end.budget.held


def test_with_the_connection_every_stream_ends_once() -> None:
    end = End(False)
    ends: list[str] = []
    end.receive(encoded(WINDOW, SYN, 1) + encoded(DATA, SYN, 3, body=b"unread"))
    for stream in end.accepted:
        stream.on_input = lambda stream=stream: ends.append(stream.end)  # type: ignore[misc]
    end.yamux.end()
    end.yamux.end()
    assert ends == ["lost", "lost"]
    assert (end.yamux.streams, end.budget.held, end.all()) == ({}, 0, b"")


def test_a_stream_with_much_to_say_keeps_no_other_waiting() -> None:
    a, b = End(True), End(False)
    loud, quiet = a.open(), a.open()
    loud.write(bytes(200_000))
    assert len(a.take()) > 60_000
    quiet.write(b"now")
    turns = [[one.number for one in frames(a.take()) if one.kind == DATA] for _ in range(2)]
    assert quiet.number in turns[1]
    carry(a, b)


def test_a_stream_waits_for_the_window_and_goes_on() -> None:
    a, b = End(True), End(False)
    stream = a.open()
    stream.write(bytes(INITIAL + 10))
    b.receive(a.all())
    assert (len(stream.out), len(b.accepted[0].came)) == (10, INITIAL)
    assert not a.take()
    b.accepted[0].read()
    carry(a, b)
    assert len(b.accepted[0].read()) == 10


@given(st.lists(st.integers(1, 90), max_size=40), st.integers(1, 90))
def test_however_it_is_cut_it_is_the_same(cuts: list[int], rest: int) -> None:
    data = encoded(DATA, SYN, 1, body=b"a" * 50) + encoded(PING, SYN, 0, 5)
    data += encoded(DATA, FIN, 1, body=b"b" * 70) + encoded(WINDOW, SYN, 3)
    whole, cut = End(False), End(False)
    whole.receive(data)
    while data:
        size = cuts.pop() if cuts else rest
        cut.receive(data[:size])
        data = data[size:]
    assert [one.came for one in cut.accepted] == [one.came for one in whole.accepted]
    assert cut.accepted[0].received_end
    assert sorted(cut.all()) == sorted(whole.all())


FRAMES = st.tuples(
    st.sampled_from([DATA, DATA, WINDOW, WINDOW, PING, GO_AWAY]),
    st.sampled_from([0, 0, SYN, SYN, ACK, FIN, RST, SYN | FIN, SYN | RST, 15]),
    st.sampled_from([0, 1, 2, 3, 5, 7, 2**32 - 1]),
    st.sampled_from([0, 1, 1000, 100_000, INITIAL, 2**32 - 1]),
)


@given(st.lists(FRAMES, max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_whatever_a_peer_says(said: list[tuple[int, int, int, int]], reads: list[bool]) -> None:
    end = End(False, share=4, each=600_000)
    ours = end.open()
    ours.write(b"x" * 300_000)
    try:
        for (kind, flags, number, length), read in zip(said, reads, strict=False):
            body = bytes(min(length, 2**20)) if kind == DATA else b""
            end.receive(encoded(kind, flags, number, length, body))
            assert end.budget.held <= 600_000
            assert sum(not one.ours for one in end.yamux.streams.values()) <= 4
            if read:
                for stream in end.accepted:
                    stream.read()
                list(frames(end.all()))
    except Breach:
        pass
    end.yamux.end()
    assert (end.yamux.streams, end.budget.held) == ({}, 0)
