# SPDX-License-Identifier: MIT
"""The layers of ARCHITECTURE.md, read from the imports; headers and sizes of the source files."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "goop_node"
P2P = HOST / "p2p"
PLUGINS = ROOT / "plugins"
REALTIME = "goop_realtime"
CONTEXT_PACKAGES = ("goop_chess", "goop_video_call", "goop_arcade_rooms")
NOT_OURS = {"node_modules", "__pycache__", ".venv", "build", "dist"}
LONGEST = 320


def sources(*suffixes: str, under: Path = ROOT) -> list[Path]:
    """Our own files with these endings."""
    return [path for path in _ours(under) if path.suffix in suffixes]


@cache
def _ours(folder: Path) -> list[Path]:
    """All files and folders of ours in it, at any depth; what was installed is not walked."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name in NOT_OURS or path.name.startswith("."):
                continue
            found += _ours(path)
        found.append(path)
    return found


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).parts


def packaged() -> list[Path]:
    """Python files of the host and of the plugins."""
    plugins = [file for folder in PLUGINS.glob("*/src") for file in sources(".py", under=folder)]
    return [*sources(".py", under=HOST), *plugins]


@cache
def imports(path: Path) -> set[tuple[str, str | None]]:
    """What a file imports anywhere in it: (module, name), the name ``None`` for a whole module."""
    found: set[tuple[str, str | None]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found |= {(node.module or "", alias.name) for alias in node.names}
    return found


def tops(path: Path) -> set[str]:
    """The top-level packages a file imports."""
    return {module.partition(".")[0] for module, _ in imports(path)}


def breaches(paths: list[Path], forbidden: set[str]) -> list[str]:
    """Files among ``paths`` that import one of the ``forbidden`` packages, for people to read."""
    return [
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(found))}"
        for path in paths
        if (found := tops(path) & forbidden)
    ]


def test_the_reader_finds_imports_inside_functions(tmp_path: Path) -> None:
    file = tmp_path / "lazy.py"
    file.write_text("def f():\n    import trio.lowlevel\n    from libp2p import x\n")
    assert imports(file) == {("trio.lowlevel", None), ("libp2p", "x")}
    assert tops(file) == {"trio", "libp2p"}


def test_only_p2p_imports_trio_and_libp2p() -> None:
    outside = [path for path in packaged() if not path.is_relative_to(P2P)]
    assert breaches(outside, {"trio", "libp2p", "multiaddr"}) == []


def test_only_the_guest_imports_both_loops() -> None:
    both = {path.name for path in sources(".py", under=P2P) if {"asyncio", "trio"} <= tops(path)}
    assert both == {"guest.py", "guest_ticks.py"}


def test_each_side_of_p2p_keeps_to_its_loop() -> None:
    assert "trio" not in tops(P2P / "service.py")
    assert "asyncio" not in tops(P2P / "host.py")


CLIENT = HOST / "client.py"
"""The Python client's name for programs: no part of the node."""


def test_the_host_imports_no_plugin() -> None:
    node = [path for path in sources(".py", under=HOST) if path != CLIENT]
    assert breaches(node, {REALTIME, *CONTEXT_PACKAGES, "chess"}) == []


def test_the_client_is_a_name_alone_which_the_node_does_not_import() -> None:
    plain = {name for module, name in imports(CLIENT) if module == f"{REALTIME}.client"}
    assert imports(CLIENT) == {(f"{REALTIME}.client", name) for name in plain}
    users = [path for path in packaged() if "goop_node.client" in {m for m, _ in imports(path)}]
    assert users == []


PURE = ("model", "machine", "rooms", "engine", "client/protocol")
"""Folders without I/O and clock (``contexts/`` asks asyncio whether it was cancelled)."""
IMPURE = {
    *("asyncio", "litestar", "socket", "sqlite3", "threading", "time", "trio", "uvicorn"),
    *("httpx", "websockets"),
}
FOLDERS = {
    "model": {"model"},
    "contexts": {"contexts", "model"},
    "machine": {"contexts", "model", "machine"},
    "rooms": {"contexts", "model", "machine", "rooms"},
    "engine": {"contexts", "model", "machine", "rooms", "engine"},
    "storage": {"contexts", "model", "machine", "rooms", "engine", "storage"},
    "goop2": {"contexts", "model", "machine", "engine", "goop2"},
    "driver": {"contexts", "model", "machine", "rooms", "engine", "storage", "goop2", "driver"},
    "inspector": {"contexts", "model", "inspector"},
    "web": {"contexts", "model", "machine", "rooms", "engine", "inspector", "driver", "web"},
    "client": {"model", "client"},
}
"""Each folder of the realtime plugin with those that it may import."""
CORE = PLUGINS / "realtime" / "src" / REALTIME


@pytest.mark.parametrize("folder", PURE)
def test_the_core_of_realtime_has_neither_io_nor_a_clock(folder: str) -> None:
    files = sources(".py", under=CORE / folder)
    assert len(files) > 2
    assert breaches(files, IMPURE) == []


HANDS = {"interfaces.py", "sockets.py", "discovery.py"}
"""What multicast DNS does with sockets and timers; the rest of it is handed packets and times."""


def test_multicast_dns_has_neither_io_nor_a_clock_but_in_its_hands() -> None:
    files = sources(".py", under=P2P / "mdns")
    assert {path.name for path in files} > HANDS
    pure = [path for path in files if path.name not in HANDS]
    assert breaches(pure, {*IMPURE, "psutil", "secrets"}) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_of_realtime_import_one_way(folder: str) -> None:
    found = [
        f"{path.relative_to(CORE)} imports {module}.{name}"
        for path in sources(".py", under=CORE / folder)
        for module, name in imports(path)
        if module.startswith(f"{REALTIME}.")
        and (other := module.split(".")[1]) not in FOLDERS[folder]
        and other in FOLDERS
    ]
    assert found == []


MACHINE_STATE = {"Core", "Channel", "Member", "Link"}
JUDGES = {"testing"}
"""Who judges the machine from outside looks into it: the simulator."""


def reaches(path: Path) -> set[str]:
    """What a file outside the machine uses of its state: imports of it, and ``engine.core``."""
    found = {
        f"imports {module} {name or ''}".rstrip()
        for module, name in imports(path)
        if module == f"{REALTIME}.machine.core"
        or (module.startswith(f"{REALTIME}.machine") and name in MACHINE_STATE | {"core"})
    }
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return found | {
        f"line {node.lineno} reads .{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"core", "_core"}
    }


def test_the_engine_is_the_only_door_to_the_machines() -> None:
    inside = {"machine", "rooms", "engine", *JUDGES}
    plugins = sources(".py", under=PLUGINS)
    outside = [
        path
        for path in plugins
        if not (path.is_relative_to(CORE) and path.relative_to(CORE).parts[0] in inside)
    ]
    assert CORE / "driver" / "bridge.py" in outside
    assert {str(path): found for path in outside if (found := reaches(path))} == {}


def test_only_the_storage_knows_tables() -> None:
    sql = re.compile(r"\b(SELECT|INSERT|DELETE|UPDATE|REPLACE)\b.*\b(FROM|INTO|SET|WHERE)\b")
    found = [
        str(path.relative_to(CORE))
        for path in sources(".py", under=CORE)
        if path.relative_to(CORE).parts[0] != "storage" and sql.search(path.read_text("utf-8"))
    ]
    assert found == []


def test_what_reaches_past_the_door_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "reaching.py"
    file.write_text(
        f"from {REALTIME}.machine import core\n"
        f"from {REALTIME}.machine.channel import Channel, Phase\n"
        f"from {REALTIME}.machine.core import Report\n"
        "def f(engine):\n    return engine.core.channels\n"
    )
    assert len(reaches(file)) == 4


def test_realtime_imports_no_context() -> None:
    files = sources(".py", under=PLUGINS / "realtime" / "src")
    assert files
    assert breaches(files, {*CONTEXT_PACKAGES, "chess"}) == []


@pytest.mark.parametrize("package", CONTEXT_PACKAGES)
def test_contexts_import_no_other_context(package: str) -> None:
    files = sources(".py", under=PLUGINS / package.removeprefix("goop_") / "src")
    assert files
    assert breaches(files, set(CONTEXT_PACKAGES) - {package}) == []


def test_only_public_names_cross_packages() -> None:
    private = []
    for path in packaged():
        own = HOST.name if path.is_relative_to(HOST) else _parts(path)[3]
        for module, name in imports(path):
            package = module.partition(".")[0]
            if package == own or package not in {HOST.name, REALTIME}:
                continue
            if any(part.startswith("_") for part in [*module.split("."), name or ""]):
                private.append(f"{path.relative_to(ROOT)}: {module} {name or ''}")
    assert private == []


def test_what_imports_the_gpl_chess_library_says_so() -> None:
    for path in sources(".py"):
        if "chess" in tops(path):
            head = path.read_text(encoding="utf-8").splitlines()[0]
            assert "SPDX-License-Identifier: GPL-" in head, path


@pytest.mark.parametrize("suffix", [".py", ".js", ".mjs"])
def test_every_source_file_names_its_licence(suffix: str) -> None:
    without = [
        str(path.relative_to(ROOT))
        for path in sources(suffix)
        if path.stat().st_size
        and "SPDX-License-Identifier: " not in path.read_text(encoding="utf-8")[:400]
    ]
    assert without == []


def test_no_page_makes_markup_or_code_of_text() -> None:
    makes = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment"
        r"|setHTML|\beval\(|new Function|javascript:"
    )
    pages = [*sources(".js"), *(ROOT / "goop_node" / "home").glob("*.html")]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in pages
        if not path.is_relative_to(ROOT / "tests")
        for match in makes.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_files_are_short() -> None:
    tests = ROOT / "tests"
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(".py")
        if not path.is_relative_to(tests)
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
