# SPDX-License-Identifier: MIT
"""What can happen to two people, their pages, their nodes and the line between them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from goop_node.testing.ports import free_port
from tests.faults.namespaces import inside
from tests.faults.pair import Pair
from tests.faults.proxy import Weather

Fault = Callable[[Pair, random.Random, float], Awaitable[str]]
"""Does it and makes it good again, at most ``longest`` seconds later; what it was, in words."""


async def _weather(pair: Pair, weather: Weather, seconds: float) -> None:
    pair.proxy.become(weather)
    try:
        await asyncio.sleep(seconds)
    finally:
        pair.proxy.become(Weather())


async def killed(pair: Pair, chance: random.Random, longest: float) -> str:
    """SIGKILL of a node, and its start."""
    side, pause = chance.randrange(2), chance.uniform(0, min(longest, 5))
    pair.nodes[side].kill()
    await asyncio.sleep(pause)
    await asyncio.to_thread(pair.nodes[side].start)
    return f"{'ab'[side]} killed for {pause:.1f} s"


async def moved(pair: Pair, chance: random.Random, longest: float) -> str:
    """SIGKILL of a node, and its start at another address."""
    side = chance.randrange(2)
    node = pair.nodes[side]
    node.kill()
    node.listen_at(f"/ip4/127.0.0.1/tcp/{inside(pair.machines[side], free_port)}")
    await asyncio.to_thread(node.start)
    await pair.carry(side)
    return f"{'ab'[side]} moved to another port"


async def stopped(pair: Pair, chance: random.Random, longest: float) -> str:
    """SIGSTOP of a node."""
    side, pause = chance.randrange(2), min(longest, chance.choice((1.0, 11.0, 90.0)))
    pair.nodes[side].freeze()
    await asyncio.sleep(pause)
    pair.nodes[side].thaw()
    return f"{'ab'[side]} stopped for {pause:.0f} s"


async def reloaded(pair: Pair, chance: random.Random, longest: float) -> str:
    """A page is loaded anew."""
    side = chance.randrange(2)
    pair.people[side].reload()
    return f"{'ab'[side]}'s page reloaded"


async def frozen(pair: Pair, chance: random.Random, longest: float) -> str:
    """A page does nothing for a while."""
    side, pause = chance.randrange(2), min(longest, chance.choice((2.0, 60.0)))
    pair.people[side].freeze()
    await asyncio.sleep(pause)
    pair.people[side].thaw()
    return f"{'ab'[side]}'s page frozen for {pause:.0f} s"


async def socket_cut(pair: Pair, chance: random.Random, longest: float) -> str:
    """A page's WebSocket breaks."""
    side = chance.randrange(2)
    pair.people[side].cut()
    return f"{'ab'[side]}'s WebSocket cut"


async def reset(pair: Pair, chance: random.Random, longest: float) -> str:
    """The line is reset."""
    pair.proxy.reset()
    return "line reset"


async def down(pair: Pair, chance: random.Random, longest: float) -> str:
    """The line carries nothing, both ways; what was sent comes afterwards."""
    pause = min(longest, chance.uniform(0.2, 30))
    await _weather(pair, Weather(silent=set(pair.machines)), pause)
    return f"line down for {pause:.1f} s"


async def one_way(pair: Pair, chance: random.Random, longest: float) -> str:
    """The line carries nothing in one direction."""
    side, pause = chance.randrange(2), min(longest, chance.uniform(1, 15))
    await _weather(pair, Weather(silent={pair.machines[side]}), pause)
    return f"nothing from {'ab'[side]} for {pause:.1f} s"


async def parted(pair: Pair, chance: random.Random, longest: float) -> str:
    """The line is silent so long that both sides notice, and then it is reset."""
    pause = min(longest, 12.0)
    await _weather(pair, Weather(silent=set(pair.machines)), pause)
    pair.proxy.reset()
    return f"parted for {pause:.0f} s, then reset"


async def losing(pair: Pair, chance: random.Random, longest: float) -> str:
    """A fifth of what is sent is lost and sent again by TCP."""
    await _weather(pair, Weather(loss=0.2), min(longest, 3))
    return "20 % loss"


async def far(pair: Pair, chance: random.Random, longest: float) -> str:
    """200 ms each way, and unsteady."""
    await _weather(pair, Weather(delay=0.2, jitter=0.1), min(longest, 3))
    return "200 ms delay"


async def narrow(pair: Pair, chance: random.Random, longest: float) -> str:
    """Little bandwidth."""
    await _weather(pair, Weather(rate=20_000), min(longest, 3))
    return "20 kB/s"


async def sliced(pair: Pair, chance: random.Random, longest: float) -> str:
    """Everything comes in pieces of few bytes."""
    await _weather(pair, Weather(slice=chance.randrange(1, 8)), min(longest, 2))
    return "sliced"


FAULTS: tuple[Fault, ...] = (
    killed,
    killed,
    moved,
    stopped,
    reloaded,
    frozen,
    socket_cut,
    reset,
    down,
    one_way,
    parted,
    losing,
    far,
    narrow,
    sliced,
)
