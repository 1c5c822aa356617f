# SPDX-License-Identifier: MIT
"""A real node whose clients misbehave: half requests, early ends, and streams when it stops."""

from __future__ import annotations

import contextlib
import random
import resource
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from goop_node.testing import NodeProcess
from goop_node.web import places
from tests.limits import HANG

LIMIT = 256
CLIENTS = 12
LIMITED = (
    f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT}, {LIMIT}));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def test_half_requests_lock_nobody_out(tmp_path: Path) -> None:
    node = NodeProcess(
        tmp_path / "node",
        ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"),
        under=(sys.executable, "-c", LIMITED),
    )
    try:
        with contextlib.ExitStack() as clients:
            for number in range(400):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", node.port)))
                with contextlib.suppress(ConnectionError):
                    client.sendall(b"GET / HTTP/1.1\r\nX-Half:")
                if number % 100 == 99:
                    answer = httpx.get(f"{node.url}/api/status", headers=node.headers)
                    assert answer.json()["p2p"]["state"] == "online"
            home = {"Host": f"home.localhost:{node.port}", "Accept": "text/html"}
            assert httpx.get(node.url, headers=home).status_code == 200
            port = int(node.addrs[0].split("/")[4])
            with socket.create_connection(("127.0.0.1", port), timeout=HANG) as peer:
                assert b"/multistream/" in peer.recv(64)
    finally:
        node.stop()
    log = node.log.read_text()
    assert "Traceback" not in log
    assert log.count("no place left") == 1


def test_clients_that_leave_within_a_request_are_no_news(tmp_path: Path) -> None:
    node = NodeProcess(
        tmp_path / "node", ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0")
    )
    head = f"HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\nAuthorization: Bearer {node.token}\r\n"
    length, chunked = "Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"
    try:
        for method, path in (
            ("POST", "/api/self"),
            ("POST", "/api/realtime/send"),
            ("POST", "/api/realtime/frames"),
            ("GET", "/api/peers/events"),
            ("GET", "/api/realtime/events?page=p"),
            ("GET", "/icon.svg"),
        ):
            for body in (length, chunked, chunked + "xxxxxxxxx\r\n"):
                with socket.create_connection(("127.0.0.1", node.port)) as client:
                    client.sendall(f"{method} {path} {head}{body}".encode())
        assert httpx.get(f"{node.url}/api/self", headers=node.headers).status_code == 200
    finally:
        node.stop()
    assert "Traceback" not in node.log.read_text()


def test_a_node_that_stops_lets_streams_go(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    with (folder / "file.bin").open("wb") as file:
        file.truncate(100_000_000)
    arguments = ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--template")
    node = NodeProcess(tmp_path / "node", (*arguments, str(folder)))
    mine = f"Host: 127.0.0.1:{node.port}\r\nAuthorization: Bearer {node.token}\r\n"
    large = f"Host: large.localhost:{node.port}\r\n"
    with contextlib.ExitStack() as clients:
        try:
            for path, headers in (
                ("/api/peers/events", mine),
                ("/api/realtime/events?page=p", mine),
                ("/file.bin", large),
            ):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", node.port)))
                client.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
                assert client.recv(12) == b"HTTP/1.1 200"
        finally:
            assert node.stop() == 0
    log = node.log.read_text()
    assert "Traceback" not in log
    assert "running task" not in log


@pytest.mark.soak
def test_a_minute_of_misbehaving_clients_leaves_nothing_behind(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    node = NodeProcess(
        tmp_path / "node",
        ("--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"),
        under=(sys.executable, "-c", LIMITED),
    )
    head = f"HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\nAuthorization: Bearer {node.token}\r\n"
    socket_head = head + (
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    requests = [
        "",
        "GET / HT",
        "no HTTP\r\n\r\n",
        f"GET /api/self {head}\r\n",
        f"GET /api/peers/events {head}\r\n",
        f"GET /api/realtime/connect {socket_head}",
        f"GET /api/self {head}\r\nGET /api/realtime/connect {socket_head}",
        f"POST /api/self {head}Content-Length: 300\r\n\r\n{{",
        f"POST /api/self {head}Content-Length: 300000\r\n\r\n" + "x" * 100_000,
    ]

    def misbehave(number: int) -> None:
        choose = random.Random(seed + number)
        held: list[socket.socket] = []
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                client = socket.create_connection(("127.0.0.1", node.port), timeout=3)
                held.append(client)
                client.sendall(choose.choice(requests).encode())
                if choose.random() < 0.5:
                    client.recv(choose.choice([1, 5_000]))
            if held and (len(held) > 12 or choose.random() < 0.6):
                gone = held.pop(choose.randrange(len(held)))
                if choose.random() < 0.5:  # with a reset
                    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                gone.close()
        for client in held:
            client.close()

    try:
        before = descriptors(node)
        end = time.monotonic() + 60
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(misbehave, range(CLIENTS)))
        status = httpx.get(f"{node.url}/api/status", headers=node.headers).json()
        assert status["p2p"]["state"] == "online"
        deadline = time.monotonic() + HANG
        while descriptors(node) > before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert descriptors(node) <= before
    finally:
        assert node.stop() == 0
    assert "Traceback" not in node.log.read_text()


def descriptors(node: NodeProcess) -> int:
    """How many descriptors the node has open."""
    return len(list(Path(f"/proc/{node.process.pid}/fd").iterdir()))


def test_the_process_takes_the_descriptors_that_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    for soft, hard, limit in (
        (1024, 524_288, 1024),
        (256, 256, 128),
        (1024, resource.RLIM_INFINITY, 1024),
        (1_000_000, 1_000_000, 1024),
    ):
        monkeypatch.setattr(resource, "getrlimit", lambda _, found=(soft, hard): found)
        assert places.places().limit == limit
    wanted = places.WANTED_DESCRIPTORS
    assert asked == [(wanted, 524_288), (wanted, resource.RLIM_INFINITY)]
