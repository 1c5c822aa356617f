# SPDX-License-Identifier: MIT
"""Peers that nobody here wrote the libraries of; what they need may be missing, in words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from goop_node.p2p.data_path import takeover
from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork

HERE = Path(__file__).parent
OLDEST_NODE = 20


def _not_as_known() -> None:
    """Run in a node's process: py-libp2p has changed, and connections stay with it."""

    def unlike(kind: type, one: object) -> NoReturn:
        raise takeover.Unknown("a test")

    takeover._exactly = unlike


@pytest.fixture(scope="module", params=["direct", "the library's"])
def alice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeProcess]:
    """One of our nodes, whose pages may send as fast as they can, by either way of bytes."""
    folder = tmp_path_factory.mktemp("interop")
    config = folder / "goop.toml"
    config.write_text("[plugins.realtime]\nrate = 100000\nburst = 100000\n", encoding="utf-8")
    direct = request.param == "direct"
    launch = fork if direct else partial(fork, before=_not_as_known)
    node = start_node(folder / "alice", "--config", str(config), launch=launch)
    try:
        yield node
        said = "py-libp2p is not as known here" in node.log.read_text(encoding="utf-8")
        assert said != direct
    finally:
        node.stop()


@pytest.fixture(scope="session")
def js_peer() -> list[str]:
    """The command that starts the js-libp2p peer."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the js-libp2p peer needs Node.js: apt-get install nodejs npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(
            f"the js-libp2p peer needs Node.js {OLDEST_NODE} or newer, this is {version.strip()}: "
            f"npm install --global n && n {OLDEST_NODE}"
        )
    if not (HERE / "js" / "node_modules" / "libp2p").is_dir():
        pytest.skip("the js-libp2p peer is not installed: npm ci --prefix tests/interop/js")
    return [node, "--require", str(HERE / "js" / "preload.cjs"), str(HERE / "js" / "peer.js")]


@pytest.fixture(scope="session")
def go_peer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that starts the go-libp2p peer, built here; Go caches what it built."""
    go = shutil.which("go")
    if go is None:
        pytest.skip(
            "the go-libp2p peer needs Go 1.21 or newer (it fetches what go.mod names): apt-get "
            "install golang-go, on Debian 12 apt-get install -t bookworm-backports golang-go"
        )
    program = tmp_path_factory.mktemp("go") / "peer"
    built = subprocess.run(
        [go, "build", "-o", str(program), "."], cwd=HERE / "go", capture_output=True, text=True
    )
    if built.returncode != 0:
        pytest.skip(
            f"the go-libp2p peer could not be built: go build in tests/interop/go:\n{built.stderr}"
        )
    return [str(program)]
