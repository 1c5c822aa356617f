# SPDX-License-Identifier: MIT
"""What a plugin changes for the whole process while a node starts is set back, and named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.plugins.process_state import PARTS, held
from tests.planted.planting import Planted

CHANGES = {
    "os.chdir('/')": "the working folder",
    "sys.path.insert(0, '/nowhere')": "sys.path",
    "sys.path.clear()": "sys.path",
    "sys.argv.append('x')": "sys.argv",
    "sys.setrecursionlimit(sys.getrecursionlimit() + 77)": "the recursion limit",
    "sys.setswitchinterval(0.123)": "the switch interval",
    "logging.disable(logging.CRITICAL)": "the log",
    "logging.getLogger().addHandler(logging.NullHandler())": "the log",
    "logging.getLogger('goop_node').setLevel(logging.CRITICAL)": "the log",
    "logging.getLogger('goop_node.plugins').disabled = True": "the log",
    "logging.getLogger('goop_node').propagate = False": "the log",
    "logging.getLogger('asyncio').disabled = True": "the log",
    "logging.config.dictConfig({'version': 1})": "the log",
    "warnings.simplefilter('ignore')": "the filters of warnings",
    "sys.excepthook = print": "the hooks for exceptions",
    "threading.excepthook = print": "the hooks for exceptions",
    "os.umask(0)": "the umask",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)": "the handlers of signals",
    "signal.signal(signal.SIGUSR1, print)": "the handlers of signals",
    "locale.setlocale(locale.LC_ALL, 'C.UTF-8')": "the locale",
    "socket.setdefaulttimeout(0.001)": "the default timeout",
    "os.environ['HOME'] = '/nowhere'": "the environment",
    "os.environ.clear()": "the environment",
    "asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())": "asyncio's policy",
    "gc.disable()": "the garbage collector",
    "sys.stdout = io.StringIO()": "sys.stdout",
    "sys.stderr = None": "sys.stderr",
}
"""Statements, and what is said of each."""
IMPORTS = "import gc, io, locale, logging.config, os, signal, socket, threading, warnings\n"
NOTHING = "class Plugin:\n    @hookimpl\n    def goop_sdk_modules(self): return None"
PLACES = {
    "loading": "{}\n" + NOTHING,
    "goop_templates()": "class Plugin:\n    @hookimpl\n    def goop_templates(self):\n        {}\n"
    "        return []",
    "goop_lifespan()": """
class Plugin:
    @hookimpl
    @contextlib.asynccontextmanager
    async def goop_lifespan(self, node):
        {}
        yield
""",
}
"""Where a plugin's code runs while a node starts."""


@pytest.mark.parametrize("place", PLACES)
async def test_what_is_the_whole_process_s_is_set_back(
    place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All at once would hide one behind another: each is a plugin of its own."""
    planted = {
        f"p{number}": Planted(f"p{number}", words, IMPORTS + PLACES[place].format(statement))
        for number, (statement, words) in enumerate(CHANGES.items())
    }
    candidates = [one.plant(tmp_path) for one in planted.values()]
    config = NodeConfig(
        data=tmp_path / "data",
        listen=("/ip4/127.0.0.1/tcp/0",),
        plugins={name: {} for name in planted},
    )
    changed: list[str] = []
    with held(changed.append):
        node = Node(config, candidates)
        if place == "goop_lifespan()":
            async with node.running():
                pass
    assert not changed
    for one in node.plugin_status():
        statement = planted[one.name].source
        assert one.status == "active", one
        assert len(one.warnings) == 1, statement
        assert one.warnings[0].startswith(f"{place}: it "), statement
        assert planted[one.name].words in one.warnings[0], statement
        assert one.warnings[0].endswith("that is set back"), statement
        assert f"plugin {one.name}: {one.warnings[0]}" in caplog.text


def test_every_part_is_among_them() -> None:
    for part in PARTS:
        assert any(part.name.startswith(words) for words in CHANGES.values()), part.name


def test_a_closed_stream_is_open_again() -> None:
    """In a process of its own: the test's own streams are not what a command has."""
    program = """
import logging, os, sys
from goop_node.plugins.process_state import held
logging.basicConfig(stream=sys.stderr)
said = []
for close in (lambda: sys.stdout.close(), lambda: sys.stderr.close(), lambda: os.close(1)):
    with held(said.append):
        close()
logging.warning("heard")
print(len(said), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "3\n", done.stderr
    assert done.stderr == "WARNING:root:heard\n"


def test_what_changes_nothing_is_not_warned_of(tmp_path: Path) -> None:
    quiet = Planted("quiet", "", f"import json, decimal, email.mime.text\n{NOTHING}")
    node = Node(NodeConfig(data=tmp_path, plugins={"quiet": {}}), [quiet.plant(tmp_path)])
    assert node.plugin_status()[0].warnings == ()
