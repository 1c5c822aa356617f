# SPDX-License-Identifier: MIT
"""Two people on two machines, with one line between them that is the test's own."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from goop_node.testing.ports import free_port
from tests.faults.circumstances import Circumstances
from tests.faults.namespaces import connect, inside, machine
from tests.faults.person import Doubt, Person
from tests.faults.proxy import Proxy, Weather

RESUME_SECONDS = 60.0
"""How long two pages may take to hear each other again. Nothing here should come near it."""
CONFIG = "[plugins.realtime]\nrate = 10000\nburst = 10000\n"


class Pair:
    """Their nodes, the line between these, and what was done to them."""

    def __init__(self, machines: list[str], nodes: list[NodeProcess], proxy: Proxy) -> None:
        self.machines = machines
        self.nodes = nodes
        self.proxy = proxy
        self.people = [
            Person(name, place, node)
            for name, place, node in zip("ab", machines, nodes, strict=True)
        ]
        self.channel = ""

    async def carry(self, side: int) -> None:
        """Make the node of that side reachable from the other machine, at its own port."""
        port = int(self.nodes[side].addrs[0].split("/tcp/")[1].split("/")[0])
        await self.proxy.carry(self.machines[1 - side], self.machines[side], port)

    def post(self, side: int, what: str, **body: Any) -> Any:
        """POST to that node's ``/api/realtime/<what>``."""
        node = self.nodes[side]
        caller = http.client.HTTPConnection("127.0.0.1", node.port)
        caller.sock = connect(self.machines[side], node.port)
        caller.sock.setblocking(True)
        try:
            headers = {**node.headers, "Content-Type": "application/json"}
            caller.request("POST", f"/api/realtime/{what}", json.dumps(body), headers)
            answer = caller.getresponse()
            text = answer.read()
            return answer.status, json.loads(text)
        finally:
            caller.close()

    async def meet(self) -> None:
        """Open the channel: the one asks as soon as they see each other, the other accepts."""
        while True:
            status, row = await asyncio.to_thread(
                self.post, 0, "request", peerId=self.nodes[1].peer_id
            )
            if status == 201:
                break
            await asyncio.sleep(0.1)  # not discovered yet: they have just started
        self.channel = row["channelId"]
        while True:
            status, row = await asyncio.to_thread(self.post, 1, "accept", channelId=self.channel)
            if status == 200:
                break
            await asyncio.sleep(0.1)
        for person in self.people:
            person.channel = self.channel

    async def heard_again(self) -> float:
        """Seconds until each page has heard something that the other said after now."""
        begin = time.monotonic()
        await asyncio.gather(*(self._hears_news(side) for side in (0, 1)))
        return time.monotonic() - begin

    async def _hears_news(self, side: int) -> None:
        hearer, speaker = self.people[side], self.people[1 - side]
        page, said = speaker.page, speaker.page.sent
        await self._until(
            hearer,
            lambda: hearer.heard.get(page.id, 0) > said,
            lambda: f"has not heard {page.id}: {hearer.heard.get(page.id, 0)} of {page.sent}",
        )

    async def _until(
        self, person: Person, what: Callable[[], bool], wrong: Callable[[], str]
    ) -> None:
        """Wait until ``what()`` is true of that person. Raises ``Doubt``, saying ``wrong()``."""
        try:
            await person.until(what, RESUME_SECONDS)
        except TimeoutError:
            raise Doubt(
                f"{RESUME_SECONDS:.0f} s later {person.name} {wrong()}; {await self._states()}"
            ) from None

    async def _states(self) -> str:
        said = []
        for side, person in enumerate(self.people):
            unsettled = len(person.page.unsettled)
            said.append(f"{person.name}: connected={person.connected} unsettled={unsettled}")
            trace = await asyncio.to_thread(self._trace, side)
            said.append(" ".join(f"{row['hop']}:{row['code']}" for row in trace[-12:]))
        return "\n".join(said)

    def _trace(self, side: int) -> list[dict[str, str]]:
        node = self.nodes[side]
        caller = http.client.HTTPConnection("127.0.0.1", node.port)
        try:
            caller.sock = connect(self.machines[side], node.port)
            caller.sock.setblocking(True)
            caller.request("GET", "/api/realtime/trace", headers=node.headers)
            rows: list[dict[str, str]] = json.loads(caller.getresponse().read())
            return rows
        except OSError as error:
            return [{"hop": "node", "code": repr(error)}]
        finally:
            caller.close()

    async def settle(self) -> int:
        """Say no more, wait until all is settled, and compare; how many messages were heard."""
        for person in self.people:
            person.quiet()
        for person in self.people:
            page = person.page
            await self._until(
                person,
                lambda page=page: not page.unsettled,
                lambda page=page: f"has {len(page.unsettled)} messages not settled",
            )
        for speaker, hearer in (self.people, self.people[::-1]):
            # What was settled is in the hearer's node's log: the page gets it any moment.
            page = speaker.page
            await self._until(
                hearer,
                lambda page=page, hearer=hearer: hearer.heard.get(page.id, 0) == page.sent,
                lambda page=page, hearer=hearer: (
                    f"has heard {hearer.heard.get(page.id, 0)} of {page.id}'s {page.sent}"
                ),
            )
            for page_id, number in speaker.accepted.items():
                if hearer.heard.get(page_id, 0) < number:
                    raise Doubt(
                        f"{hearer.name} heard {hearer.heard.get(page_id, 0)} of {page_id}'s "
                        f"{number} accepted messages"
                    )
        return sum(sum(person.heard.values()) for person in self.people)


def _node(folder: Path, side: str, place: str) -> NodeProcess:
    """A node on that machine; ``_knows`` says whom it knows."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{side}.toml"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    arguments = (
        *("--config", str(config), "--label", side, "--http", "127.0.0.1:0"),
        *("--listen", f"/ip4/127.0.0.1/tcp/{inside(place, free_port)}"),
    )
    launch = partial(fork, before=Circumstances(machine=place))
    return NodeProcess(folder / side, arguments, launch=launch)


def _knows(folder: Path, side: str, other: NodeProcess) -> None:
    """Have a node know the other one, from its next start on."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{side}.toml").write_text(f'{CONFIG}[node]\npeers = ["{other.addrs[0]}"]\n')


@asynccontextmanager
async def pair(name: str, folder: Path, seed: int) -> AsyncIterator[Pair]:
    """Two nodes on two machines, with an open channel and two people talking."""
    async with AsyncExitStack() as stack:
        machines = [stack.enter_context(machine(f"{name}-{side}")) for side in "ab"]
        proxy = Proxy(random.Random(seed))
        stack.push_async_callback(proxy.close)
        nodes: list[NodeProcess] = []
        for side, place in zip("ab", machines, strict=True):
            if nodes:
                await asyncio.to_thread(_knows, folder, side, nodes[0])
            node = await asyncio.to_thread(_node, folder, side, place)
            nodes.append(node)
            stack.callback(node.kill)
        await asyncio.to_thread(_knows, folder, "a", nodes[1])
        both = Pair(machines, nodes, proxy)
        await both.carry(0)
        await both.carry(1)
        await both.meet()
        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(person.live()) for person in both.people]
            await both.heard_again()
            yield both
            proxy.become(Weather())
            for life in lives:
                life.cancel()
