# SPDX-License-Identifier: MIT
"""Every block of code in the documents is run, or read by what reads it in a node."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from goop_node.config.file import load_config
from goop_node.plugins.environment import installed
from goop_node.templates.folder import read_template
from goop_realtime.contexts.folders import of_folders
from goop_realtime.testing.kit.fixtures import MakesPairs
from tests.documents.blocks import Block, blocks_of
from tests.unit.test_docs import DOCUMENTS
from tests.unit.test_layers import ROOT

FOLLOWED = {"tutorial-plugin.md", "tutorial-page.md"}
"""What ``tests/browser/test_tutorials.py`` does, block by block."""
READ = {"toml", "json", "yaml"}
ELSEWHERE = {"html", "css", "js", "javascript", "console", "sh"}
"""Looked at in ``test_scripts.py`` and ``test_commands.py``."""
UNRUN = {"text", "{toctree}"}
ALL = [*DOCUMENTS, *(p.relative_to(ROOT).as_posix() for p in ROOT.glob("plugins/*/README.md"))]


def blocks(*languages: str) -> list[Block]:
    """The blocks of all documents in one of these languages."""
    paths = [ROOT / name for name in ALL]
    return [block for path in paths for block in blocks_of(path) if block.language in languages]


def python_of(path: Path) -> Iterator[tuple[Block, bool]]:
    """A document's blocks in Python, and whether each needs a node that runs."""
    for block in blocks_of(path):
        if block.language == "python":
            compiled = compile(block.text, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            waits = bool(compiled.co_flags & inspect.CO_COROUTINE)
            yield block, waits or "asyncio.run(" in block.text


WITH_PYTHON = [name for name in ALL if any(python_of(ROOT / name))]


def test_every_block_is_looked_at() -> None:
    known = {"python", *READ, *ELSEWHERE, *UNRUN}
    languages = {
        f"{block.place}: {block.language!r}"
        for name in ALL
        for block in blocks_of(ROOT / name)
        if block.language not in known
    }
    assert languages == set()
    assert {"CONTRIBUTING.md", "docs/session.md", "docs/client.md"} <= set(WITH_PYTHON)


@pytest.mark.parametrize("name", [name for name in WITH_PYTHON if Path(name).name not in FOLLOWED])
def test_python_runs(name: str, goop_pair: MakesPairs) -> None:
    """In one namespace for each document; its tests run, too."""
    names: dict[str, Any] = {"__name__": "document"}
    for block, needs_node in python_of(ROOT / name):
        if not needs_node:
            exec(compile(block.text, block.place, "exec"), names)
    for test in [one for title, one in names.items() if title.startswith("test_")]:
        wanted = inspect.signature(test).parameters
        test(**({"goop_pair": goop_pair} if "goop_pair" in wanted else {}))


def test_python_has_right_names_and_types(tmp_path: Path) -> None:
    """Also what is run by nobody: mypy knows whether a method is there, and what it takes."""
    files = []
    for name in WITH_PYTHON:
        if Path(name).name in FOLLOWED:
            continue
        parts = []
        for number, (block, needs_node) in enumerate(python_of(ROOT / name)):
            if needs_node and "asyncio.run(" not in block.text:
                body = "".join(f"    {line}\n" for line in block.text.splitlines())
                parts.append(f"async def block_{number}(goop: Client) -> None:\n{body}")
            else:
                parts.append(block.text)
        file = tmp_path / f"{re.sub(r'[^a-z0-9]', '_', name.lower())}.py"
        file.write_text("\n\n".join(parts), encoding="utf-8")
        files.append(file)
    command = [sys.executable, "-m", "mypy", "--config-file=", "--check-untyped-defs"]
    command += ["--follow-imports=silent", "--no-error-summary", *map(str, files)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.place)
def test_toml_is_taken(block: Block, tmp_path: Path) -> None:
    table = tomllib.loads(block.text)
    if "project" in table:
        assert set(table["project"].get("entry-points", {})) <= {"goop_node", "goop_node.commands"}
        return
    for folder in table.get("node", {}).get("templates", []):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "index.html").write_text("<!doctype html>")
    (tmp_path / "goop.toml").write_text(block.text, encoding="utf-8")
    config = load_config(cwd=tmp_path)
    for candidate in installed().plugins:
        if candidate.name in config.plugins:
            found: Any = candidate.load()
            schema = (found() if isinstance(found, type) else found).goop_config_schema()
            Draft202012Validator(schema).validate(config.plugins[candidate.name])


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.place)
def test_json_is_taken(block: Block, tmp_path: Path) -> None:
    value = json.loads(block.text)
    if "log" in value:  # of the gate
        assert set(value) <= {"context", "log", "params"}
        assert all(len(entry) in (2, 3) for entry in value["log"])
        return
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "manifest.json").write_text(block.text, encoding="utf-8")
    template, mistakes = read_template(tmp_path)
    assert mistakes == ()
    assert of_folders([template], [])[1] == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.place)
def test_yaml_can_be_read(block: Block) -> None:
    assert yaml.safe_load(block.text)


def test_a_block_that_fails_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "some.md"
    file.write_text(
        "`a/b.py`:\n\n```python\nx = 1\n```\n\n```js\nawait x\n```\n\n~~~~text\n```\n~~~~\n"
    )
    first, second, third = blocks_of(file)
    assert (first.file, first.language, first.text, first.place) == (
        *("a/b.py", "python", "x = 1\n"),
        "some.md:3",
    )
    assert (second.file, second.language) == ("", "js")
    assert third.text == "```\n"
