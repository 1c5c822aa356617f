# SPDX-License-Identifier: MIT
"""What packages may import of each other is exported, and what is exported is in the reference."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from goop_node import hookspecs, types
from goop_realtime import hookspecs as realtime_hookspecs
from tests.unit.test_layers import CONTEXT_PACKAGES, CORE, HOST, PLUGINS, ROOT, sources

REFERENCE = ROOT / "docs" / "reference.md"
_HEADING = re.compile(r"^## `([\w.]+)`$", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| [^|\s]", re.MULTILINE)
WITHIN = {"goop_node.p2p", "goop_node.groups"}
"""Their ``__all__`` is for the other folders of their own package, and for the realtime plugin."""


def exported(module: str) -> set[str]:
    """What a module exports; nothing where it does not say."""
    return set(getattr(importlib.import_module(module), "__all__", ()))


def exporting() -> set[str]:
    """The modules of the node and the realtime plugin that say what they export."""
    found = set()
    for path in [*sources(".py", under=HOST), *sources(".py", under=CORE)]:
        if re.search(r"^__all__ = ", path.read_text(encoding="utf-8"), re.MULTILINE):
            root = ROOT if path.is_relative_to(HOST) else CORE.parent
            parts = path.relative_to(root).with_suffix("").parts
            found.add(".".join(part for part in parts if part != "__init__"))
    return found - WITHIN


def documented(text: str) -> dict[str, set[str]]:
    """The names that the reference has a row for, by module."""
    _, *parts = _HEADING.split(text)
    names = (set(_ROW.findall(body)) for body in parts[1::2])
    return dict(zip(parts[::2], names, strict=True))


def not_exported(path: Path) -> list[str]:
    """What a file imports of the node or the realtime plugin that these do not export."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            pairs = [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            pairs = [(alias.name, "") for alias in node.names]
        else:
            continue
        for module, name in pairs:
            if module.partition(".")[0] not in (HOST.name, CORE.name):
                continue
            names = exported(module) if module in exporting() else set()
            if name not in names and not (name == "" and names):
                found.append(f"{path.name}:{node.lineno}: {module} {name}")
    return found


def test_the_reference_has_every_exported_name_and_no_other() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert documented(text) == {module: exported(module) for module in sorted(exporting())}


def test_an_undocumented_name_is_seen() -> None:
    text = "## `a.b`\n\n| `one` | it. |\n| `two` | |\n\n## `c`\n\n| `three` | it. |\n"
    assert documented(text) == {"a.b": {"one"}, "c": {"three"}}


@pytest.mark.parametrize("module", sorted(exporting()))
def test_what_a_module_exports_is_there_and_in_order(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in found.__all__ if not hasattr(found, name)] == []
    assert len(set(found.__all__)) == len(found.__all__)


@pytest.mark.parametrize("module", [hookspecs, realtime_hookspecs])
def test_every_hook_is_exported(module: object) -> None:
    hooks = {
        name for name, one in vars(module).items() if hasattr(one, f"{hookspecs.PROJECT}_spec")
    }
    assert hooks
    assert hooks <= set(module.__all__)  # type: ignore[attr-defined]


def test_every_type_that_plugins_exchange_with_the_node_is_exported() -> None:
    classes = {
        name
        for name, one in vars(types).items()
        if inspect.isclass(one) and one.__module__.startswith(HOST.name)
    }
    assert "NodeApi" in classes
    assert classes <= set(types.__all__)


@pytest.mark.parametrize("package", CONTEXT_PACKAGES)
def test_contexts_import_what_is_exported(package: str) -> None:
    files = sources(".py", under=PLUGINS / package.removeprefix("goop_") / "src")
    assert files
    assert [line for path in files for line in not_exported(path)] == []


def test_a_new_package_imports_what_is_exported() -> None:
    files = sorted((CORE / "scaffold").rglob("*.py.in"))
    assert files
    assert [line for path in files for line in not_exported(path)] == []


def test_what_is_not_exported_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "plugin.py"
    file.write_text(
        "import json\nimport goop_realtime\nimport goop_node.node\n"
        "from goop_realtime import Session\nfrom goop_node.types import NodeApi, A_LINE\n"
        "def f():\n    from goop_realtime.machine.core import Core\n"
    )
    assert not_exported(file) == [
        "plugin.py:3: goop_node.node ",
        "plugin.py:5: goop_node.types A_LINE",
        "plugin.py:7: goop_realtime.machine.core Core",
    ]
