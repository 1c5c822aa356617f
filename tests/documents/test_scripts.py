# SPDX-License-Identifier: MIT
"""Scripts and pages in the documents: TypeScript knows what they call, the node serves it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.documents.blocks import Block
from tests.documents.test_blocks import blocks
from tests.unit.test_layers import ROOT

JS = ROOT / "js"
TSC = JS / "node_modules" / ".bin" / "tsc"
SCRIPTS = blocks("js", "javascript")
OPTIONS = {
    "target": "ES2022",
    "module": "ES2022",
    "moduleResolution": "bundler",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": [],
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
}
CANNOT_FIND = re.compile(r"error TS(?:2304|2552|18004): .*'(?!Goop)\w+'")
"""A name that the text around a block stands for; never one of the SDK's."""


def complaints(folder: Path, scripts: list[tuple[str, str]]) -> list[str]:
    """What ``tsc`` says of scripts, by the name of each."""
    for name, text in scripts:
        (folder / f"{name}.js").write_text(f"(async () => {{\n{text}\n}})();\nexport {{}};\n")
    include = ["*.js", *(str(path) for path in sorted(JS.glob("*.d.ts")))]
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": OPTIONS, "include": include})
    )
    done = subprocess.run(
        [TSC, "-p", folder, "--pretty", "false"], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stdout.splitlines() if not CANNOT_FIND.search(line)]
    return [line for line in said if "error" in line]


@pytest.mark.skipif(not TSC.exists(), reason="TypeScript is not there: make lint installs it")
def test_scripts_call_what_there_is(tmp_path: Path) -> None:
    assert SCRIPTS
    named = [(re.sub(r"\W", "_", block.place), block.text) for block in SCRIPTS]
    assert complaints(tmp_path, named) == []


@pytest.mark.skipif(not TSC.exists(), reason="TypeScript is not there: make lint installs it")
def test_what_is_not_there_is_seen(tmp_path: Path) -> None:
    text = "Goop.realtime.conect(peer);\nGoup.realtime;\nGoop.realtime.connect(3);\n"
    found = complaints(tmp_path, [("page", text)])
    assert [re.findall(r"TS\d+", line) for line in found] == [["TS2551"], ["TS2345"]]


@pytest.mark.parametrize("block", blocks("html"), ids=lambda block: block.place)
def test_pages_name_scripts_that_are_served(block: Block) -> None:
    named = re.findall(r'src="/sdk/([^"]+)"', block.text)
    assert named
    assert [name for name in named if not (JS / name).is_file()] == []
    assert not re.search(r"<script>|<style>| on\w+=| style=", block.text), "the CSP keeps it out"
