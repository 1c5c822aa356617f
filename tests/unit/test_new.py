# SPDX-License-Identifier: MIT
"""What ``goop new`` makes has its name everywhere, and is right for every name there is."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.commands import StartError
from goop_node.plugins.environment import PLUGIN_NAME
from goop_node.templates.folder import read_template
from goop_realtime.contexts.folders import of_folders
from goop_realtime.contexts.registry import NAME
from goop_realtime.new_command import NAMES, make

ROOT = Path(__file__).parents[2]
TSC = ROOT / "js" / "node_modules" / ".bin" / "tsc"
GIVEN = st.text(alphabet="az09_-A. /\\é'\"", min_size=0, max_size=50)
ADDRESS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@settings(max_examples=60, deadline=None)
@given(name=st.one_of(GIVEN, st.from_regex(NAMES["plugin"][0], fullmatch=True)))
def test_a_plugin_of_any_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = make("plugin", name, Path(folder))
        except StartError:
            assert list(Path(folder).iterdir()) == []
            return
        texts = {file: file.read_text() for file in made.rglob("*") if file.is_file()}
        assert not [
            file for file, text in texts.items() if re.search(r"__[A-Z]+__", text + str(file))
        ]
        for file, text in texts.items():
            if file.suffix == ".py":
                ast.parse(text)
        project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
        ((plugin, target),) = project["entry-points"]["goop_node"].items()
        package = made / "src" / target.partition(":")[0]
        assert (package / "__init__.py").is_file()
        assert PLUGIN_NAME.fullmatch(plugin)
        assert NAME.fullmatch(plugin)
        assert ADDRESS.fullmatch(project["name"].removeprefix("goop-"))
        assert set(tomllib.loads((made / "goop.toml").read_text())["plugins"]) == {
            "realtime",
            plugin,
        }


@settings(max_examples=60, deadline=None)
@given(name=st.one_of(GIVEN, st.from_regex(NAMES["template"][0], fullmatch=True)))
def test_a_template_of_any_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = make("template", name, Path(folder))
        except StartError:
            assert list(Path(folder).iterdir()) == []
            return
        assert ADDRESS.fullmatch(made.name)
        template, mistakes = read_template(made)
        assert of_folders([template], [])[1] == [*mistakes] == []
        assert template.title == json.loads((made / "manifest.json").read_text())["name"]


def test_its_script_is_typed(tmp_path: Path) -> None:
    if not TSC.exists():
        pytest.skip("TypeScript is not there: make lint installs it")
    made = make("template", "small-talk", tmp_path)
    for script, right in (("", True), ("Goop.realtime.conect('x');", False)):
        file = made / "page.js"
        file.write_text(file.read_text() + script)
        done = subprocess.run([TSC, "-p", made], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is right, done.stdout


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    made = make("plugin", "notes", tmp_path)
    (made / "README.md").write_text("mine")
    with pytest.raises(StartError, match="exists already"):
        make("plugin", "notes", tmp_path)
    assert (made / "README.md").read_text() == "mine"
    for name in ("home", "api"):
        with pytest.raises(StartError, match="a name of the node's own"):
            make("template", name, tmp_path)
    shutil.rmtree(made)
    (tmp_path / "goop-notes").write_text("")
    with pytest.raises(StartError, match="exists already"):
        make("plugin", "notes", tmp_path)
    with pytest.raises(StartError, match="Not a directory"):
        make("plugin", "notes", tmp_path / "goop-notes" / "x")
