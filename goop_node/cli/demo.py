# SPDX-License-Identifier: MIT
"""``goop demo``: Alice and Bob, two nodes on this machine that know each other."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from goop_node.config.model import ConfigError, StartError
from goop_node.config.values import Mistake, template_folder
from goop_node.data.ready import read_ready
from goop_node.log_format import say
from goop_node.web.origins import home_url

STOP_SECONDS = 15.0
"""How long a node gets to stop before it is killed."""


def demo(folder: Path | None, *, browser: bool = True, logs: Sequence[str] = ()) -> int:
    """Run Alice and Bob until Ctrl-C or until one of them ends. Returns the exit code.

    ``folder`` is served by both as a template; ``logs`` are options of their logs. Raises
    ``StartError``.
    """
    if folder is not None:
        try:
            folder = template_folder(str(folder), Path.cwd())
        except Mistake as mistake:
            raise ConfigError([f"goop demo DIR: {mistake}"]) from mistake
    data = _data_folder()
    with _stop_by_interrupt(), contextlib.ExitStack() as nodes:
        try:
            alice = nodes.enter_context(_node(data / "alice", "Alice", folder, logs))
            a = _wait_ready(alice, data / "alice")
            known = [f"--peer={one}" for one in a["addrs"]]
            bob = nodes.enter_context(_node(data / "bob", "Bob", folder, [*logs, *known]))
            b = _wait_ready(bob, data / "bob")
            pages = [_page(a), _page(b)]
            say(_what_to_do(pages, data, folder))
            if browser and _has_desktop():
                for page in pages:
                    webbrowser.open(page)
            _wait_for_end([alice, bob])
        except KeyboardInterrupt:
            say("\nStopping Alice and Bob …")
            return 0
    raise StartError(["goop demo: one of the nodes ended; its reason stands above"], code="ended")


@contextlib.contextmanager
def _node(
    data: Path, label: str, template: Path | None, more: Sequence[str]
) -> Iterator[subprocess.Popen[str]]:
    """A ``goop run`` of its own; stopped, and waited for, at the end."""
    command = [sys.executable, "-m", "goop_node", "run", "--data", str(data), "--label", label]
    command += ["--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns"]
    command += more
    if template is not None:
        command += ["--template", str(template)]
    # A session of its own: Ctrl-C reaches the demo alone, which then stops both in order.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_ready(process: subprocess.Popen[str], data: Path) -> dict[str, Any]:
    """What ready.json says once the node has printed its line."""
    assert process.stdout is not None
    if not process.stdout.readline():
        raise StartError([f"goop demo: the node on {data} did not start"], code="ended")
    return read_ready(data)


def _wait_for_end(processes: list[subprocess.Popen[str]]) -> None:
    """Return when one of the processes has ended."""
    if sys.platform == "win32":
        processes[0].wait()
        return
    while all(process.poll() is None for process in processes):
        # Woken by the end of any child; poll() then takes note of which one.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


def _page(ready: dict[str, Any]) -> str:
    return home_url(int(str(ready["url"]).rpartition(":")[2]))


def _what_to_do(pages: list[str], data: Path, folder: Path | None) -> str:
    lines = [
        "",
        f"  Alice: {pages[0]}",
        f"  Bob:   {pages[1]}",
        "",
        "Open both pages, side by side. Each shows the other as online within seconds.",
        "Choose a template on Alice's page, invite Bob, and accept on Bob's page.",
    ]
    if folder is not None:
        lines += [f"Your pages are the template {folder.name!r} of both."]
    return "\n".join([*lines, f"Their data is in {data}. Ctrl-C stops both.", ""])


def _data_folder() -> Path:
    """``.demo`` here, so that a second start finds its games; elsewhere if it cannot be."""
    here = Path.cwd() / ".demo"
    try:
        here.mkdir(exist_ok=True)
        if os.access(here, os.W_OK):
            return here
    except OSError:
        pass  # a folder that cannot be written to
    return Path(tempfile.mkdtemp(prefix="goop-demo-"))


def _has_desktop() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextlib.contextmanager
def _stop_by_interrupt() -> Iterator[None]:
    """Let SIGTERM stop the demo as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
