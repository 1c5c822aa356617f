# SPDX-License-Identifier: MIT
"""A real node in a process of its own, on loopback and free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

START_SECONDS = 60.0


class Launched(Protocol):
    """A started process: the part of ``subprocess.Popen`` that is used of it."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when there is one. Raises ``subprocess.TimeoutExpired``."""

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""

    def terminate(self) -> None:
        """SIGTERM."""

    def kill(self) -> None:
        """SIGKILL."""


Launch = Callable[[Sequence[str], Path, Path], Launched]
"""Runs ``goop`` with (arguments, the log that its output is added to, the folder it runs in)."""


def spawn(
    arguments: Sequence[str], log: Path, folder: Path, *, under: Sequence[str] = ()
) -> Launched:
    """Run ``goop`` in a new interpreter, by the command ``under`` if there is one."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*under, sys.executable, "-m", "goop_node", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
        )


class NodeProcess:
    """A running ``goop run``. ``url``, ``peer_id``, ``token``, ``addrs`` as in ready.json.

    ``under`` is a command that runs it, such as ``nice``; ``launch`` starts it otherwise.
    """

    launch: Launch = staticmethod(spawn)
    """How nodes are started that run under no other command."""

    def __init__(
        self,
        data: Path,
        arguments: tuple[str, ...],
        *,
        under: tuple[str, ...] = (),
        launch: Launch | None = None,
        mdns: bool = False,
    ) -> None:
        """``mdns``: it looks for others in its network, which must be one of the test's own."""
        self.data = data
        self.silent = not mdns
        if launch is not None:
            self.launch = launch
        self._arguments = arguments
        self.under = under
        self.log = data.parent / f"{data.name}.log"
        self.start()

    def start(self) -> None:
        """Start it (again), and wait until it is ready. Raises ``RuntimeError``."""
        ready = self.data / "ready.json"
        ready.unlink(missing_ok=True)
        quiet = ["--no-mdns"] if self.silent else []
        command = ["run", "--data", str(self.data), *quiet, *self._arguments]
        if self.under:
            self.process = spawn(command, self.log, self.data.parent, under=self.under)
        else:
            self.process = self.launch(command, self.log, self.data.parent)
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"the node did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        content: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
        self.url: str = content["url"]
        self.peer_id: str = content["peerId"]
        self.token: str = content["token"]
        self.addrs: list[str] = content["addrs"]

    def listen_at(self, multiaddr: str) -> None:
        """Listen there from the next start on."""
        place = self._arguments.index("--listen") + 1
        self._arguments = (*self._arguments[:place], multiaddr, *self._arguments[place + 1 :])

    @property
    def headers(self) -> dict[str, str]:
        """What a program shows to be let in."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def ws_url(self) -> str:
        """The address of the realtime WebSocket."""
        return self.url.replace("http", "ws", 1) + "/api/realtime/connect"

    @property
    def port(self) -> int:
        """The port of its pages."""
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """SIGSTOP: alive, and silent."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM and wait; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                return self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def start_node(
    data: Path, *arguments: str, peer: NodeProcess | None = None, launch: Launch | None = None
) -> NodeProcess:
    """Start a node on free loopback ports, its data in ``data``, knowing ``peer``."""
    listen = ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0")
    known = ("--peer", peer.addrs[0]) if peer is not None else ()
    labelled = (*listen, "--label", data.name, *known, *arguments)
    return NodeProcess(data, labelled, launch=launch)
