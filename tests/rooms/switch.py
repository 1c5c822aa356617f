# SPDX-License-Identifier: MIT
"""Machines on one network that is the test's own: every packet goes through this process.

Each machine is a network namespace with an address of ``10.77.0.0/24``, whose other end are packets
that the switch reads and writes. So it can be slow, lose some, and fall apart; what TCP makes of
that is the kernel's. No packet reaches a real interface.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.faults.namespaces import connect, inside, ip, machine

TUN = Path("/dev/net/tun")
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LONGEST = 65536
PROTOCOL = 9
DESTINATION = slice(16, 20)
"""Where an IPv4 packet says what it is, and who is to have it."""
UDP = 17


class Switch:
    """``names`` are its machines, in the order in which the test has them.

    ``delay`` (seconds) is what each packet takes, ``loss`` how many of 1 are lost. Without ``udp``
    datagrams are dropped, as by the firewalls of many offices.
    """

    def __init__(self, names: Sequence[str], chance: random.Random) -> None:
        self.names = names
        self.delay = 0.0
        self.loss = 0.0
        self.udp = True
        self.datagrams: set[tuple[int, int]] = set()
        """From which machine to which a datagram has come."""
        self._chance = chance
        self._away: frozenset[int] = frozenset()
        self._ends: list[int] = []

    def address(self, index: int) -> str:
        """The IP address of a machine."""
        return f"10.77.0.{index + 1}"

    def way(self, index: int) -> Callable[[int], socket.socket]:
        """What connects to a port of the machine's own loopback."""
        return partial(connect, self.names[index])

    def part(self, *indexes: int) -> None:
        """These machines reach each other and nobody else; none: all reach each other. Of a line
        that is cut nobody is told."""
        self._away = frozenset(indexes)

    def plug(self) -> None:
        """Set it up, and carry packets from here on."""
        for index, name in enumerate(self.names):
            self._ends.append(inside(name, _tunnel))
            ip("-n", name, "addr", "add", f"{self.address(index)}/24", "dev", "lan")
            ip("-n", name, "link", "set", "lan", "up")
        for index, end in enumerate(self._ends):
            asyncio.get_running_loop().add_reader(end, self._carry, index)

    def close(self) -> None:
        """Carry nothing any more."""
        for end in self._ends:
            asyncio.get_running_loop().remove_reader(end)
            os.close(end)
        self._ends = []

    def _carry(self, source: int) -> None:
        packet = os.read(self._ends[source], LONGEST)
        target = packet[DESTINATION][-1] - 1 if packet[0] >> 4 == 4 else -1
        apart = (source in self._away) != (target in self._away)
        if target not in range(len(self._ends)) or apart or self._chance.random() < self.loss:
            return
        if packet[PROTOCOL] == UDP:
            if not self.udp:
                return
            self.datagrams.add((source, target))
        asyncio.get_running_loop().call_later(self.delay, self._arrive, target, packet)

    def _arrive(self, target: int, packet: bytes) -> None:
        if target < len(self._ends):
            os.write(self._ends[target], packet)


def _tunnel() -> int:
    """An interface ``lan`` of this namespace: what reads and writes its packets."""
    end = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", b"lan", IFF_TUN | IFF_NO_PI))
    return end


@contextmanager
def switch(name: str, machines: int, seed: int) -> Iterator[Switch]:
    """So many machines on a network; skips where there can be none."""
    if not TUN.exists():
        pytest.skip(f"no {TUN} here")
    with ExitStack() as stack:
        names = [stack.enter_context(machine(f"{name}-{index}")) for index in range(machines)]
        made = Switch(names, random.Random(seed))
        stack.callback(made.close)
        try:
            made.plug()
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no virtual networks here: {error!r}")
        yield made
