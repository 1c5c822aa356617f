# SPDX-License-Identifier: MIT
"""A membership is exchanged for a newer one, whatever happens meanwhile, and the link goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.groups import Membership
from goop_node.types import NetworkError
from goop_realtime.goop2.go_renewal import RENEW_AT_SECONDS, keep_heard
from goop_realtime.model.wire import payload, raw
from tests.unit.test_go_link import Desk, FakeMember
from tests.unit.virtual_time import live


async def joined() -> Desk:
    """A link whose engine has joined."""
    desk = Desk(hosted=False)
    desk.write(type="join", payload=raw({"have": None}))
    await asyncio.sleep(0.1)
    assert desk.of("welcome")
    return desk


class Host:
    """What a host does with leaves and joins."""

    def __init__(self, *, refuses: str = "", lets_go_after: float = 0.01) -> None:
        self.members: list[FakeMember] = []
        self.refuses = refuses
        self.delay = lets_go_after

    async def join(self, on_member: Callable[[Membership], None]) -> None:
        """Admit us, or not."""
        await asyncio.sleep(self.delay)
        if self.refuses == "failed":
            raise RuntimeError("a bug")
        if self.refuses:
            raise NetworkError(self.refuses, "because")
        self.members.append(FakeMember())
        on_member(self.members[-1])

    def lets_go(self, member: FakeMember) -> None:
        """End a stream as soon as it says leave."""
        member.depart = lambda: self._depart(member)  # type: ignore[method-assign]

    def _depart(self, member: FakeMember) -> None:
        member.did.append("depart")
        asyncio.get_running_loop().call_later(self.delay, lambda: member.finish("left"))


def test_a_quiet_link_is_renewed_a_few_times_and_a_lively_one_is_not() -> None:
    async def story(lively: bool) -> tuple[int, list[str]]:
        desk, host = await joined(), Host()
        host.lets_go(desk.member)
        work = asyncio.create_task(keep_heard(desk.link, host.join))
        for _ in range(2 * int(RENEW_AT_SECONDS[-1])):
            member = host.members[-1] if host.members else desk.member
            host.lets_go(member)
            if lively:
                member.on_message("gopher", b"1")
            await asyncio.sleep(1)
        assert work.done()
        assert not desk.link.over
        return len(host.members), desk.ends

    assert live(story(lively=False)) == (len(RENEW_AT_SECONDS), [])
    assert live(story(lively=True)) == (0, [])


@pytest.mark.parametrize("code", ["not_found", "unreachable", "eof", "failed"])
def test_a_join_that_fails_ends_the_link(code: str) -> None:
    async def story() -> list[str]:
        desk, host = await joined(), Host(refuses=code)
        host.lets_go(desk.member)
        await desk.link.renew(host.join)
        return desk.ends

    assert live(story()) == [code]


THINGS = ["say", "hear", "end", "closed", "reset", "close", "wait"]


@given(
    before=st.integers(0, 3),
    things=st.lists(st.tuples(st.sampled_from(THINGS), st.floats(0, 0.2)), max_size=8),
    refuses=st.sampled_from(["", "", "not_found", "reset"]),
    lets_go_after=st.floats(0.01, 1),
)
def test_whatever_happens_meanwhile_the_link_goes_on_or_ends_once(
    before: int, things: list[tuple[str, float]], refuses: str, lets_go_after: float
) -> None:
    async def story() -> None:
        desk, host = await joined(), Host(refuses=refuses, lets_go_after=lets_go_after)
        host.lets_go(desk.member)
        said = 0

        def say() -> None:
            nonlocal said
            said += 1
            desk.write(type="msg", id=f"p-{said}", payload=payload(b"%d" % said))

        for _ in range(before):
            say()
        work = asyncio.create_task(desk.link.renew(host.join))
        await asyncio.sleep(0)
        for thing, pause in things:
            member = host.members[-1] if host.members else desk.member
            if thing == "say":
                say()
            elif thing == "hear" and not member.over:
                member.on_message("gopher", b"1")
            elif thing in ("end", "closed"):
                member.finish("eof" if thing == "end" else "closed")
            elif thing == "reset":
                desk.link.reset()
            elif thing == "close":
                desk.link.close()
            await asyncio.sleep(pause)
        await asyncio.sleep(30)
        assert work.done()
        work.result()
        assert not desk.link.renewing or desk.link.over
        assert len(desk.ends) == desk.link.over
        if not desk.link.over:
            host.members[-1].on_message("gopher", b'"heard"')
            assert [line.value() for line in desk.of("msg")][-1] == "heard"
            written = [data for member in (desk.member, *host.members) for _, data in member.sent]
            assert written == [b"%d" % n for n in range(1, said + 1)]

    live(story())
