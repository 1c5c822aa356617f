# SPDX-License-Identifier: MIT
"""What befalls a simulated life. Each fault heals by itself; several may be there at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from goop_realtime.testing.node import SimNode

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life

AWAY_MS = (300, 3_000, 12_000, 30_000)
DOWN_MS = (10, 2_000, 20_000)


def cut(life: Life) -> None:
    """Every stream breaks; the sides notice at different times."""
    life.world.cut()


def partition(life: Life) -> None:
    """Between some nodes and the others nothing arrives, either way, and nobody is told."""
    names = list(life.world.nodes)
    here = set(life.chance.sample(names, life.chance.randrange(1, len(names))))
    life.world.blocked |= {(a, b) for a in names for b in names if (a in here) != (b in here)}
    life.soon(life.chance.choice(AWAY_MS), life.world.heal)


def one_way(life: Life) -> None:
    """One direction between two nodes goes silent."""
    source, target = life.chance.sample(list(life.world.nodes), 2)
    life.world.blocked.add((source, target))
    life.soon(life.chance.choice(AWAY_MS), life.world.heal)


def slow(life: Life) -> None:
    """Everything takes much longer, and streams and invitations overtake each other."""
    life.world.slow = 20
    life.soon(5_000, lambda: setattr(life.world, "slow", 1))


def restart(life: Life, node: SimNode) -> None:
    """Start a node that is down."""
    if not node.up:
        node.start()


def kill(life: Life) -> None:
    """A node is killed somewhere in its next step that has something to do."""
    node = life.chance.choice(life.nodes)
    if node.up and node.dies is None:
        node.dies = life.chance.choice(("commit", "act", "half"))
        life.soon(100, lambda: node.crash() if node.up and node.dies else None)
        wait = 100 + life.chance.choice(DOWN_MS)
        life.soon(wait, lambda: restart(life, node))


def _dark(life: Life, node: SimNode) -> None:
    """The power goes: the pages are on the same machine, and go too."""
    node.lose_power()
    for tab in [tab for tab, page in life.pages.items() if page.node is node]:
        life.reload(tab)


def power_cut(life: Life) -> None:
    """A node's newest commits never reached its disk, and then its power goes."""
    lose_power(life, life.chance.choice(life.nodes))


def lose_power(life: Life, node: SimNode) -> None:
    """From here on nothing reaches that node's disk, and some time later its power goes."""
    if not node.up:
        return
    node.journal.stop_syncing()

    def dark() -> None:
        _dark(life, node)
        life.soon(life.chance.choice(DOWN_MS), lambda: restart(life, node))

    life.soon(life.chance.choice((1, 20, 200, 2_000, 20_000)), dark)


def lost_disk(life: Life) -> None:
    """A node comes back without anything."""
    node = life.chance.choice(life.nodes)
    node.journal.lose_everything()
    _dark(life, node)
    life.soon(life.chance.choice(DOWN_MS), lambda: restart(life, node))


def plugin_away(life: Life) -> None:
    """A node is started without its plugin, or with one that is broken or of another version."""
    node = life.chance.choice(life.nodes)
    if node.up:
        node.crash()
    node.plugin = life.chance.choice(("missing", "broken", "newer", "later"))
    life.watch.seen.counts[f"plugin {node.plugin}"] += 1
    node.start()
    life.soon(life.chance.choice(AWAY_MS), node.mend)


def disk_full(life: Life) -> None:
    """A node cannot commit for a while."""
    node = life.chance.choice(life.nodes)
    node.journal.full = True
    life.soon(life.chance.choice((5, 2_000)), lambda: setattr(node.journal, "full", False))


def lock(life: Life) -> None:
    """Another program holds a node's file, perhaps for longer than the node has patience."""
    node = life.chance.choice(life.nodes)
    node.journal.locked = True
    wait = life.chance.choice((5, 500, 2_000, 15_000))
    life.soon(wait, lambda: setattr(node.journal, "locked", False))


def lost_file(life: Life) -> None:
    """A running node's file is deleted, replaced or damaged."""
    life.chance.choice(life.nodes).lose_file()


def reload(life: Life) -> None:
    """A tab is reloaded."""
    life.reload(life.chance.choice(list(life.pages)))


def cut_socket(life: Life) -> None:
    """A page loses its socket."""
    life.chance.choice(list(life.pages.values())).cut()


def freeze(life: Life) -> None:
    """A page runs nothing for a while."""
    life.chance.choice(list(life.pages.values())).freeze(life.chance.choice((500, 5_000, 60_000)))


def slow_reader(life: Life) -> None:
    """A page's handlers take long for a while."""
    page = life.chance.choice(list(life.pages.values()))
    page.handler_ms = life.chance.choice((200, 1_500))
    life.soon(8_000, lambda: setattr(page, "handler_ms", 0))


def close(life: Life) -> None:
    """Somebody ends a channel, or two do at once; they go on with another."""
    pages = life.chance.sample(list(life.pages.values()), life.chance.choice((1, 1, 2)))
    for page in pages:
        life.course.close(page)


Fault = Callable[["Life"], None]
FAULTS: dict[Fault, int] = {
    cut: 6,
    partition: 4,
    one_way: 4,
    slow: 3,
    kill: 8,
    power_cut: 3,
    lost_disk: 1,
    plugin_away: 5,
    disk_full: 2,
    lock: 2,
    lost_file: 2,
    reload: 4,
    cut_socket: 4,
    freeze: 3,
    slow_reader: 3,
    close: 2,
}
"""Each fault with its weight."""
