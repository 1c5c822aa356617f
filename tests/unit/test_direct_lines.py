# SPDX-License-Identifier: MIT
"""Lines by plain calls: each stream ends once and in time, and nothing is said behind its end.

The stories are those of lines on trio (``test_lines_end.py``, ``test_proposing.py``), on a clock
that goes by itself.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p import limits
from goop_node.p2p.data_path.credit import INITIAL
from goop_node.p2p.data_path.direct_lines import DRAIN_SECONDS, STALLED_SECONDS, DirectLines
from goop_node.p2p.framing import Framing
from goop_node.p2p.proposing import proposal
from tests.unit.yamux_ends import End, carry

KNOWN = "/goop-test/1.1.0"
ACTS = ("write", "pause", "resume", "close", "reset")
ACTS += ("peer writes", "peer reads", "peer finishes", "peer aborts")


class Due:
    """Work that a loop has been given."""

    def __init__(self, at: float, work: Callable[[], object]) -> None:
        self.at = at
        self.work: Callable[[], object] | None = work

    def cancel(self) -> None:
        self.work = None


class Clock:
    """A loop whose time passes as soon as there is nothing to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._count = itertools.count()
        self._due: list[tuple[float, int, Due]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, work: Callable[[], object]) -> Due:
        return self.call_later(0.0, work)

    def call_later(self, seconds: float, work: Callable[[], object]) -> Due:
        due = Due(self.now + max(seconds, 0.0), work)
        heapq.heappush(self._due, (due.at, next(self._count), due))
        return due

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self.now, _, due = heapq.heappop(self._due)
            if due.work is not None:
                due.work()
        self.now = until


class Scene:
    """Lines on a stream of ours, or of the peer's, and the peer."""

    def __init__(self, *, theirs: bool = False, answer: bytes = b"", longest: int = 1000) -> None:
        self.clock = Clock()
        self.here, self.there = End(True), End(False)
        if theirs:
            self.peer = self.there.open()
            self.peer.write(b"")
            carry(self.there, self.here)
            (core,) = self.here.accepted
        else:
            core = self.here.open()
            core.write(b"")
        self.core = core
        framing = Framing(longest, theirs=theirs, proposal=answer)
        self.lines = DirectLines(core, "peer", KNOWN, framing, self.clock, answer)
        self.came: list[list[bytes]] = []
        self.ends: list[tuple[str, float]] = []
        self.carries = True

    def start(self) -> None:
        self.lines.start(self.came.append, lambda code: self.ends.append((code, self.clock.now)))

    def go(self, seconds: float = 0.0) -> None:
        """Carry what there is, as time passes."""
        until = self.clock.now + seconds
        while True:
            self.clock.run(min(self.clock.now + 0.1, until))
            self.here.now = self.there.now = self.clock.now
            if self.carries:
                carry(self.here, self.there)
                if self.there.accepted:
                    self.peer = self.there.accepted[0]
            if self.clock.now >= until:
                break
        self.clock.run(until)

    @property
    def flat(self) -> list[bytes]:
        return [line for some in self.came for line in some]

    @property
    def codes(self) -> list[str]:
        return [code for code, _ in self.ends]


def test_what_was_written_leaves_together_and_before_the_end() -> None:
    scene = Scene()
    scene.start()
    for line in (b"one", b"two"):
        scene.lines.write(line)
    assert scene.lines.queued == 8
    scene.lines.close()
    scene.lines.write(b"too late")
    assert scene.ends == []
    scene.go()
    assert (scene.peer.read(), scene.peer.at_end) == (b"one\ntwo\n", True)
    assert (scene.codes, scene.lines.queued) == (["closed"], 0)


@pytest.mark.parametrize("takes", ["no frames", "no bytes of this stream"])
def test_a_peer_that_does_not_read_does_not_keep_a_closed_stream(takes: str) -> None:
    scene = Scene()
    scene.start()
    scene.go()
    scene.carries = takes != "no frames"
    scene.lines.write(bytes(2 * INITIAL))
    scene.lines.close()
    scene.go(30)
    assert scene.codes == ["closed"]
    assert scene.ends[0][1] <= DRAIN_SECONDS + 0.2
    assert scene.core.end == "closed"


def test_a_peer_that_grants_nothing_is_given_up() -> None:
    scene = Scene()
    scene.start()
    scene.go()
    scene.lines.write(bytes(INITIAL))
    scene.go()
    assert scene.core.send_window == 0
    scene.lines.write(b"more")
    for _ in range(3):  # as long as it reads, however slowly
        scene.go(STALLED_SECONDS - 1)
        scene.peer.read(INITIAL // 2)
        scene.go()
        scene.lines.write(bytes(INITIAL // 2))
        scene.go()
    assert scene.ends == []
    scene.go(3 * STALLED_SECONDS)
    assert scene.codes == ["reset"]
    assert scene.peer.end == "reset"


@given(
    carries=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from(ACTS),
            st.sampled_from([0.0, 0.5, 3.0]),
        ),
        max_size=10,
    ),
    last=st.sampled_from(["close", "reset", "lost"]),
)
def test_every_stream_that_is_to_end_ends_once(
    carries: bool, steps: list[tuple[str, float]], last: str
) -> None:
    scene = Scene()
    scene.start()
    scene.go()
    scene.carries = carries
    for step, pause in [*steps, (last, 30.0)]:
        ended = bool(scene.ends)
        heard = len(scene.came)
        if step == "write":
            scene.lines.write(b"x" * 9000)
        elif step == "peer writes":
            scene.peer.write(b"a line\nand ")
        elif step == "peer reads":
            scene.peer.read()
        elif step == "peer finishes":
            scene.peer.finish()
        elif step == "peer aborts":
            scene.peer.abort()
        elif step == "lost":
            scene.here.yamux.end()
        else:
            getattr(scene.lines, step)()
        scene.go(pause)
        if ended:
            assert len(scene.came) == heard
    assert len(scene.ends) == 1
    assert scene.lines.queued == 0
    if last == "lost":
        assert (scene.here.yamux.streams, scene.here.budget.held) == ({}, 0)


def test_lines_come_as_they_are_complete() -> None:
    scene = Scene(theirs=True)
    scene.peer.write(b"one\ntw")
    scene.go()
    assert scene.came == []  # nobody has started
    scene.start()
    scene.go()
    scene.peer.write(b"o\nthree\n")
    scene.go()
    assert scene.came == [[b"one"], [b"two", b"three"]]
    assert scene.here.budget.held == 0


def test_who_pauses_is_shown_nothing_and_the_peer_waits() -> None:
    scene = Scene(theirs=True, longest=10**6)
    scene.start()
    scene.lines.pause()
    scene.peer.write(b"x" * 2 * INITIAL + b"\n")
    scene.go(300)  # nobody is late while nobody reads
    assert (scene.came, scene.ends, len(scene.core.came)) == ([], [], INITIAL)
    scene.lines.resume()
    scene.go()
    assert [len(line) for line in scene.flat] == [2 * INITIAL]


def test_a_line_without_its_end_is_held_and_bounded() -> None:
    scene = Scene(theirs=True)
    scene.start()
    scene.peer.write(b"x" * 1000)
    scene.go()
    assert (scene.here.budget.held, scene.ends) == (1000, [])
    scene.peer.write(b"x")
    scene.go()
    assert (scene.codes, scene.here.budget.held, scene.peer.end) == (["line_too_long"], 0, "reset")


@pytest.mark.parametrize(
    ("says", "seconds"),
    [
        (b"", limits.FIRST_LINE_SECONDS),
        (b"beg", limits.FIRST_LINE_SECONDS),
        (b"one\nan", limits.LINE_SECONDS),
        (b"one\n", None),
    ],
)
def test_what_takes_too_long(says: bytes, seconds: float | None) -> None:
    scene = Scene(theirs=True)
    scene.start()
    scene.peer.write(says)
    scene.go(500)
    assert scene.codes == (["too_slow"] if seconds else [])
    assert all(seconds and seconds - 0.2 <= at <= seconds + 0.3 for _, at in scene.ends)


def test_a_reader_that_fails_ends_its_stream() -> None:
    scene = Scene(theirs=True)

    def fails(lines: list[bytes]) -> None:
        raise ValueError

    scene.lines.start(fails, lambda code: scene.ends.append((code, 0.0)))
    scene.peer.write(b"line\n")
    scene.go()
    assert (scene.codes, scene.peer.end) == (["reset"], "reset")


@pytest.mark.parametrize("held", [b"", b"unread\n"])
def test_what_ended_before_the_start_is_told_then(held: bytes) -> None:
    scene = Scene(theirs=True)
    scene.peer.write(held)
    scene.go()
    scene.here.yamux.end()
    scene.go()
    assert scene.ends == []
    scene.start()
    assert scene.codes == ["lost"]


def test_the_last_lines_of_who_finishes_are_answered() -> None:
    scene = Scene(theirs=True)
    scene.lines.start(lambda lines: scene.lines.write(b"answer"), lambda code: None)
    scene.peer.write(b"question\n")
    scene.peer.finish()
    scene.go()
    assert (scene.peer.read(), scene.peer.at_end) == (b"answer\n", True)
    assert not scene.here.yamux.streams


def test_a_line_goes_along_with_the_proposal() -> None:
    words = proposal(KNOWN)
    scene = Scene(answer=words)
    scene.start()
    scene.lines.write(b"first")
    scene.go()
    assert scene.peer.read() == words + b"first\n"
    scene.peer.write(words[:5])
    scene.go()
    scene.peer.write(words[5:] + b"answer\nand ")
    scene.go(100 * limits.AGREEING_SECONDS)
    assert scene.codes == ["too_slow"]
    assert scene.flat == [b"answer"]


def test_who_has_agreed_may_be_silent() -> None:
    words = proposal(KNOWN)
    scene = Scene(answer=words)
    scene.start()
    scene.go()
    scene.peer.write(words)
    scene.go(1000)
    assert scene.ends == []


def test_the_end_waits_until_the_one_line_is_agreed_to() -> None:
    words = proposal(KNOWN)
    scene = Scene(answer=words)
    scene.start()
    scene.lines.write(b"only")
    scene.lines.close()
    scene.go(1)
    assert (scene.peer.read(), scene.ends) == (words + b"only\n", [])
    scene.peer.write(words)
    scene.go()
    assert scene.codes == ["closed"]


@pytest.mark.parametrize("answers", [proposal(KNOWN)[:7], b"x" * 5, b""])
@pytest.mark.parametrize("ends_it", [True, False])
@pytest.mark.parametrize("closes", [True, False])
def test_what_is_not_agreed_to_ends_unanswered(answers: bytes, ends_it: bool, closes: bool) -> None:
    scene = Scene(answer=proposal(KNOWN))
    scene.start()
    scene.lines.write(b"only")
    if closes:
        scene.lines.close()
    scene.go()
    scene.peer.write(answers)
    if ends_it:
        scene.peer.finish()
    scene.go(100)
    assert (scene.codes, scene.came, scene.core.end) == (["unanswered"], [], "closed")
    assert scene.ends[0][1] <= limits.AGREEING_SECONDS + 0.2
