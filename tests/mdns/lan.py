# SPDX-License-Identifier: MIT
"""A network of machines: namespaces of a test's own at one switch, and an ear at its cable.

No packet reaches a real interface: nothing leads out of these namespaces.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from goop_node.p2p.mdns import bounds
from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from tests.faults.circumstances import Circumstances
from tests.faults.namespaces import inside, ip, machine
from tests.mdns.law import Seen

CABLE = "eth0"
"""The name of the interface on each machine."""
_RECVTTL = 12
_TIMESTAMPNS = 35


@dataclass(frozen=True)
class Machine:
    """``name`` is that of its namespace, ``address`` its IPv4 address."""

    name: str
    number: int

    @property
    def address(self) -> str:
        return f"10.77.0.{self.number}"

    def ip(self, *arguments: str) -> None:
        """Run ``ip`` there."""
        ip("-n", self.name, *arguments)

    def node(
        self, folder: Path, *arguments: str, listen: str = "/ip4/0.0.0.0/tcp/0"
    ) -> NodeProcess:
        """A node there that finds others by itself; without plugins, where no file names any."""
        folder.parent.joinpath("goop.toml").touch()
        return NodeProcess(
            folder,
            ("--http", "127.0.0.1:0", "--listen", listen, "--label", folder.name, *arguments),
            launch=partial(fork, before=Circumstances(machine=self.name)),
            mdns=True,
        )


@dataclass(frozen=True)
class Lan:
    """``switch`` is the namespace with the bridge."""

    switch: str
    machines: tuple[Machine, ...]

    def plug(self, number: int, *, at: str = CABLE) -> None:
        """A cable between a machine and the switch; ``at`` is its interface there."""
        one, port = self.machines[number], f"p{number}{at}"
        ip(
            *("link", "add", at, "netns", one.name, "type", "veth"),
            *("peer", "name", port, "netns", self.switch),
        )
        ip("-n", self.switch, "link", "set", port, "master", "br0")
        ip("-n", self.switch, "link", "set", port, "up")
        one.ip("link", "set", at, "up")


@contextmanager
def lan(count: int) -> Iterator[Lan]:
    """So many machines at one switch, with IPv4 addresses and link-local IPv6 ones."""
    name = f"goop-lan{os.getpid()}"
    with ExitStack() as stack:
        switch = stack.enter_context(machine(f"{name}-switch"))
        try:
            ip("-n", switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        except Exception as error:
            pytest.skip(f"this kernel has no bridges: {error}")
        ip("-n", switch, "link", "set", "br0", "up")
        names = [stack.enter_context(machine(f"{name}-{n}")) for n in range(1, count + 1)]
        made = Lan(switch, tuple(Machine(one, n) for n, one in enumerate(names, 1)))
        for number, one in enumerate(made.machines):
            # An IPv6 address counts at once, not a second later.
            accept = "/proc/sys/net/ipv6/conf/{}/accept_dad"
            inside(one.name, lambda where=accept: _write(where.format("default"), "0"))
            inside(one.name, lambda where=accept: _write(where.format("all"), "0"))
            made.plug(number)
            one.ip("addr", "add", f"{one.address}/24", "dev", CABLE)
            one.ip("route", "add", "default", "dev", CABLE)
        yield made


def _write(path: str, text: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).write_text(text, encoding="ascii")


class Ear:
    """Hears what is multicast in the network, at one of its machines that says nothing."""

    def __init__(self, one: Machine) -> None:
        self.seen: list[Seen] = []
        self._socket = inside(one.name, lambda: _listening(one.address))

    def listen(self) -> None:
        """Take note of what has come."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, extra, _, source = self._socket.recvmsg(bounds.PACKET_BYTES, 256)
                said = {(level, kind): value for level, kind, value in extra}
                (hops,) = struct.unpack("@i", said[socket.IPPROTO_IP, socket.IP_TTL])
                # When it came, not when this process had the time to look.
                seconds, rest = struct.unpack("@ll", said[socket.SOL_SOCKET, _TIMESTAMPNS])
                at = seconds + rest / 1e9
                self.seen.append(Seen(at, source[0], data, source[1], hops))

    def fileno(self) -> int:
        """See ``asyncio.loop.add_reader``."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hear nothing any more."""
        self._socket.close()


def _listening(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
    made.setsockopt(socket.IPPROTO_IP, _RECVTTL, 1)
    made.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
    made.bind((bounds.GROUPS[4], bounds.PORT))
    member = socket.inet_aton(bounds.GROUPS[4]) + socket.inet_aton(address)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return made
