# SPDX-License-Identifier: MIT
"""Scripts of the SDK: modules in the checkout, one classic script for a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.web.sdk_scripts import FOLDER, NAMES, classic
from goop_realtime.web import sdk
from goop_video_call import scripts
from tests.unit.in_process import Client
from tests.unit.spellings import PORT


def write(folder: Path, **parts: str) -> Path:
    for name, text in parts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def test_parts_come_once_and_before_what_needs_them(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main='import { a } from "./a.js";\nimport { b } from "./b.js";\na(b);\n',
        a='import { b } from "./b.js";\nexport function a() {}\nb;\n',
        b="export const b = 1;\n",
    )
    script = classic(main)
    assert script == (
        '(() => {\n"use strict";\nconst b = 1;\n\nfunction a() {}\nb;\n\na(b);\n})();\n'
    )


def test_a_script_without_imports_is_served_as_it_stands(tmp_path: Path) -> None:
    assert classic(write(tmp_path, main="(() => {})();\n")) == "(() => {})();\n"


def test_a_circle_is_named(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main='import { a } from "./a.js";\n',
        a='import { m } from "./main.js";\n',
    )
    with pytest.raises(ValueError, match=r"main\.js imports itself, by way of a\.js"):
        classic(main)


SCRIPTS = [FOLDER / name for name in NAMES] + [
    module.path for module in (*sdk.modules(), *scripts.modules())
]


@pytest.mark.parametrize(
    "script", [one for one in SCRIPTS if one.suffix == ".js"], ids=lambda one: one.name
)
def test_our_scripts_need_no_module_loader(script: Path) -> None:
    lines = classic(script).splitlines()
    assert not [line for line in lines if line.startswith(("import ", "export "))]


@pytest.mark.parametrize("plugins", [("realtime",), ()])
async def test_a_plugins_scripts_are_there_with_it(
    tmp_path: Path, plugins: tuple[str, ...]
) -> None:
    client = Client(Node(NodeConfig(data=tmp_path, plugins={name: {} for name in plugins})))
    headers = [(b"host", f"home.localhost:{PORT}".encode())]
    for name in NAMES:
        assert (await client.call(f"/sdk/{name}".encode(), headers)).status == 200
    for name in sdk.NAMES:
        answer = await client.call(f"/sdk/{name}".encode(), headers)
        assert answer.status == (200 if plugins else 404)
