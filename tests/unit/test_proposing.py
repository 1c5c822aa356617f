# SPDX-License-Identifier: MIT
"""A stream's protocol is agreed on in few turns, also with who knows only the slow way."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing
from libp2p.custom_types import TProtocol
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.protocol_muxer.exceptions import MultiselectClientError, MultiselectError
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.utils import encode_delim

from goop_node.p2p import limits
from goop_node.p2p.lines import Lines
from goop_node.p2p.proposing import Answering, Proposing, proposal
from tests.unit.test_lines_end import Ticks


async def serve(stream: Any) -> None:
    """Nothing is served."""


KNOWN, OTHER = TProtocol("/goop-test/1.1.0"), TProtocol("/goop-test/1.0.0")


class End:
    """One end of a stream, with what ``Lines`` and the negotiation ask of its muxer."""

    def __init__(self) -> None:
        self.other: End
        self.came = bytearray()
        self.over = False
        self.how = ""
        self.packets: list[bytes] = []
        self.muxed_stream = self.muxed_conn = self
        self.spoken: set[str] = set()
        self.ends = False
        self._news = trio.Event()

    @property
    def unread(self) -> int:
        return len(self.came)

    def keep(self, size: int) -> None:
        """Nothing is counted."""

    async def read(self, n: int) -> bytes:
        while not self.came:
            if self.over:
                raise StreamEOF
            self._news = trio.Event()
            await self._news.wait()
        data = bytes(self.came[:n])
        del self.came[:n]
        return data

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.packets.append(data)
        self.other.came += data
        self.other._news.set()

    async def close_write(self) -> None:
        self.other.over = True
        self.other._news.set()

    async def close(self) -> None:
        self.how = self.how or "closed"
        await self.close_write()

    async def reset(self) -> None:
        self.how = "reset"
        await self.close_write()


def pair() -> tuple[End, End]:
    a, b = End(), End()
    a.other, b.other = b, a
    return a, b


def timed(story: Callable[[], Awaitable[Any]]) -> Any:
    return trio.run(story, clock=trio.testing.MockClock(autojump_threshold=0))


@pytest.mark.parametrize("client", [Proposing, MultiselectClient])
@pytest.mark.parametrize("server", [Answering, Multiselect])
@pytest.mark.parametrize("speaks", [KNOWN, OTHER, None])
def test_either_way_agrees_with_either_other(client: Any, server: Any, speaks: Any) -> None:
    async def story() -> None:
        a, b = pair()
        table = {speaks: serve} if speaks else {TProtocol("/else"): serve}

        async def answer() -> None:
            with contextlib.suppress(MultiselectError):
                agreed = await server(table).negotiate(MultiselectCommunicator(b), 10)
                assert agreed == (speaks, serve)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            if speaks:
                asked = client().select_one_of([KNOWN, OTHER], MultiselectCommunicator(a), 10)
                assert await asked == speaks
            else:
                with pytest.raises(MultiselectClientError, match="not supported"):
                    await client().select_one_of([KNOWN], MultiselectCommunicator(a), 10)
                await a.close_write()
        if client is Proposing:
            assert a.spoken == ({speaks} if speaks else set())
            assert len(a.packets) == (2 if speaks is OTHER else 1)
        if (client, server) == (Proposing, Answering):
            assert len(b.packets) == (2 if speaks is OTHER else 1)

    timed(story)


def opened(a: End) -> tuple[Lines, list[list[bytes]], list[str]]:
    """Lines that are opened early, started, with what comes and how they end."""
    a.spoken.add(KNOWN)
    ticks: Any = Ticks()
    stream: Any = a
    lines = Lines(stream, "peer", KNOWN, 1000, ticks, proposal=proposal(KNOWN))
    came: list[list[bytes]] = []
    ends: list[str] = []
    lines.start(came.append, ends.append)
    return lines, came, ends


@pytest.mark.parametrize("server", [Answering, Multiselect])
def test_a_line_goes_along_with_the_proposal(server: Any) -> None:
    async def story() -> None:
        a, b = pair()
        lines, came, ends = opened(a)
        lines.write(b"first")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lines.serve)
            assert (await server({KNOWN: serve}).negotiate(MultiselectCommunicator(b), 10))[0]
            assert a.packets == [proposal(KNOWN) + b"first\n"]
            assert await b.read(99) == b"first\n"
            await b.write(b"answer\nand ")
            await b.write(b"more\n")
            await trio.testing.wait_all_tasks_blocked()
            assert [line for some in came for line in some] == [b"answer", b"and more"]
            lines.close()
        assert (ends, a.how, a.spoken) == (["closed"], "closed", {KNOWN})

    timed(story)


def test_the_end_waits_until_the_one_line_is_agreed_to() -> None:
    async def story() -> None:
        a, b = pair()
        lines, _, ends = opened(a)
        lines.write(b"only")
        lines.close()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lines.serve)
            await trio.testing.wait_all_tasks_blocked()
            assert ends == []
            await b.write(proposal(KNOWN))
        assert (ends, a.how) == (["closed"], "closed")

    timed(story)


@pytest.mark.parametrize(
    "answers",
    [
        proposal(KNOWN)[:7],
        encode_delim(b"/multistream/1.0.0") + encode_delim(b"na"),
        b"x" * 5,
        b"",
    ],
    ids=["half an answer", "no", "something else", "nothing"],
)
@pytest.mark.parametrize("ends_it", [True, False], ids=["and the end", "and then silence"])
@pytest.mark.parametrize("closes", [True, False])
def test_what_is_not_agreed_to_ends_unanswered_and_the_next_one_asks_first(
    answers: bytes, ends_it: bool, closes: bool
) -> None:
    async def story() -> float:
        a, b = pair()
        lines, came, ends = opened(a)
        lines.write(b"only")
        if closes:
            lines.close()
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lines.serve)
            if answers:
                await b.write(answers)
            if ends_it:
                await b.close_write()
        assert (came, ends, a.how, a.spoken) == ([], ["unanswered"], "reset", set())
        return trio.current_time() - began

    assert timed(story) <= limits.AGREEING_SECONDS + 0.1
