# SPDX-License-Identifier: MIT
"""``goop run`` as a process of its own: ready.json, one line, a clean end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.limits import HANG

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def goop_run(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A node on loopback with free ports; killed if the test leaves it running."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "goop_node", "run"]
    command += ["--data", "data", "--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    (folder / "goop.toml").touch()  # no plugins
    process = subprocess.Popen(
        [*command, "--no-mdns", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_says_where_it_is_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    with goop_run(tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        file = tmp_path / "data" / "ready.json"
        ready = json.loads(file.read_text())
        assert set(ready) == {"url", "peerId", "addrs", "token", "pid", "version"}
        assert file.stat().st_mode & 0o777 == 0o600
        assert ready["pid"] == process.pid
        port = ready["url"].removeprefix("http://127.0.0.1:")
        assert all(one.endswith(f"/p2p/{ready['peerId']}") for one in ready["addrs"])
        for part in (f"http://home.localhost:{port}/", ready["peerId"], *ready["addrs"]):
            assert part in line
        request = urllib.request.Request(
            f"{ready['url']}/api/self", headers={"Authorization": f"Bearer {ready['token']}"}
        )
        with urllib.request.urlopen(request, timeout=HANG) as answer:
            assert ready["peerId"] in answer.read().decode()
        process.send_signal(number)
        _, errors = process.communicate(timeout=HANG)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert not file.exists()


def test_a_second_process_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with goop_run(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline()
        with goop_run(tmp_path) as second:
            out, errors = second.communicate(timeout=HANG)
            assert (second.returncode, out) == (2, "")
            assert len(errors.splitlines()) == 1
            assert "already runs on" in errors
