# SPDX-License-Identifier: MIT
"""Nodes in processes that are forked from one which has imported everything already.

Importing is most of what it takes to start a node. With ``NodeProcess.launch = fork`` a test
suite pays for it once; each node still is a process of its own that runs ``goop run``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from goop_node.testing.processes import Launched, spawn

_PYTHONPATH = os.environ.get("PYTHONPATH")
"""Where Python finds modules besides its own, as it was before any test could change it."""


def fork(
    arguments: Sequence[str],
    log: Path,
    folder: Path,
    *,
    before: Callable[[], None] | None = None,
) -> Launched:
    """Run ``goop`` with ``arguments`` in ``folder``, its output added to ``log``.

    ``before`` (something that can be pickled) is called in the new process first. Without it, a
    changed ``PYTHONPATH`` needs an interpreter of its own: then it is spawned.
    """
    if before is None and os.environ.get("PYTHONPATH") != _PYTHONPATH:
        return spawn(arguments, log, folder)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["goop_node.testing.preloaded"])  # where it does not run yet
    return _Forked(context, (list(arguments), str(log), str(folder), dict(os.environ), before))


class _Forked:
    """A forked process, with the part of ``subprocess.Popen`` that ``Launched`` names."""

    def __init__(self, context: ForkServerContext, arguments: tuple[Any, ...]) -> None:
        # A daemon: like every child that a test forgets, it ends with the tests.
        self._process: ForkServerProcess = context.Process(
            target=_run,
            args=arguments,
            daemon=True,
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when there is one. Raises ``subprocess.TimeoutExpired``."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("goop", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(
    arguments: list[str],
    log: str,
    folder: str,
    environment: dict[str, str],
    before: Callable[[], None] | None,
) -> None:
    """Be ``goop``, in the new process."""
    from goop_node.cli.main import main

    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    for spare in (nothing, out):
        os.close(spare)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["goop", *arguments]
    if before is not None:
        before()
    sys.exit(main(arguments))
