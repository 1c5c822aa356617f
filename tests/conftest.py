# SPDX-License-Identifier: MIT
"""Options of the test suite, and what no test may bring about unseen."""

from __future__ import annotations

import inspect
import logging
import os
import ssl
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from goop_node.testing import NodeProcess
from goop_node.testing.forked import fork
from tests.limits import HANG
from tests.longest_first import spread

# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("goop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("goop")
# The same goes for clients that say nothing else, which share these.
_patience = inspect.signature(httpx.get).parameters["timeout"].default
for _phase in ("connect", "read", "write", "pool"):
    setattr(_patience, _phase, HANG)
# Nodes speak plain HTTP, and reading the certificates of all authorities for each client takes
# longer than what most of them ask: they share a context that trusts nobody.
_no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
for _asks in (
    *(httpx.Client.__init__, httpx.AsyncClient.__init__),
    *(httpx.request, httpx.stream, httpx.get, httpx.options, httpx.head),
    *(httpx.post, httpx.put, httpx.patch, httpx.delete),
):
    inspect.unwrap(_asks).__kwdefaults__["verify"] = _no_authorities

FAILED = "libp2p failed"
"""What a node logs when its libp2p side ends, with all streams of everybody."""
_read: dict[Path, int] = {}
"""The logs of the nodes that were started, and how far they were looked through."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--seeds FIRST:END`` chooses the simulator's runs, ``--faults`` those of real nodes,
    ``--hostile-…`` the attacks."""
    parser.addoption("--seeds", default="0:600", help="simulator seeds, FIRST:END")
    parser.addoption("--room-seeds", default="0:2000", help="seeds of lives in rooms, FIRST:END")
    parser.addoption("--faults", default="0:2", help="seeds of pairs of real nodes, FIRST:END")
    parser.addoption("--longest-fault", default=12.0, type=float, help="seconds of one fault")
    parser.addoption("--hostile-seed", help="the seed of attacks")
    parser.addoption("--hostile-only", default="", help="one entry, or case: ENTRY:NUMBER")
    parser.addoption("--hostile-minutes", default=60.0, type=float, help="of attacks, in the soak")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what pytest makes of the tests, whatever the environment says of bytecode: making it
    anew is most of what collecting takes, in each of the processes that collect."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = before


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In random order, but what takes longest begins first."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = [items[n] for n in spread([item.path.name for item in items], processes)]


def _is_apart(node: NodeProcess) -> bool:
    """Whether it runs in a network namespace."""
    before = getattr(node.launch, "keywords", {}).get("before")
    return node.under[:3] == ("ip", "netns", "exec") or bool(getattr(before, "machine", ""))


@pytest.fixture(scope="session", autouse=True)
def _nodes() -> Iterator[None]:
    """Start nodes quickly, and know the log of each."""
    start = NodeProcess.start

    def known(node: NodeProcess) -> None:
        _read.setdefault(node.log, 0)
        assert node.silent or _is_apart(node), "no test multicasts at the machine's own interfaces"
        start(node)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NodeProcess, "start", known)
        patch.setattr(NodeProcess, "launch", staticmethod(fork))
        yield


@pytest.fixture(autouse=True)
def _libp2p_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing ends libp2p's side of a node, but in tests with the mark ``restarts``."""
    heard = _Failures()
    logger = logging.getLogger("goop_node.p2p.service")
    logger.addHandler(heard)
    try:
        yield
    finally:
        logger.removeHandler(heard)
    failures = [*heard.found, *_in_logs()]
    if failures and request.node.get_closest_marker("restarts") is None:
        pytest.fail("libp2p's side of a node ended:\n" + "\n".join(failures))


class _Failures(logging.Handler):
    """What the nodes of this process say of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if FAILED in record.getMessage():
            self.found.append(record.getMessage())


def _in_logs() -> list[str]:
    """What the others have said of it since the last time."""
    found = []
    for path, offset in _read.items():
        # Most nodes have ended long ago: their logs are not opened after each test.
        if path.exists() and path.stat().st_size != offset:
            with path.open("rb") as log:
                log.seek(offset)
                new = log.read()
            _read[path] = offset + len(new)
            found += [line for line in new.decode(errors="replace").splitlines() if FAILED in line]
    return found
