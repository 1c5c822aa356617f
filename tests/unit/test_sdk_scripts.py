# SPDX-License-Identifier: MIT
"""Scripts of the SDK: modules in the checkout, one classic script for a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from goop_node.web.sdk_scripts import FOLDER, NAMES, classic


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


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_our_scripts_need_no_module_loader(name: str) -> None:
    lines = classic(FOLDER / name).splitlines()
    assert not [line for line in lines if line.startswith(("import ", "export "))]
