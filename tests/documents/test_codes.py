# SPDX-License-Identifier: MIT
"""Every code that the sources have is explained, and no other."""

from __future__ import annotations

import ast
import re

import pytest

from goop_realtime.model.codes import CODES
from tests.unit.test_layers import ROOT, sources

PAGE = ROOT / "docs" / "codes.md"
TEST_KIT = re.compile(r"/testing/")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_ROW = re.compile(r"^\| `([a-z0-9_]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_JS = re.compile(r"""(?:(?:Goop|Call)Error|\brefuse|\bfail)\(\s*"([a-z_]+)\"""")
CODED = {"Problem", "NetworkError", "GoopError", "Refusal", "StartError"}
"""What takes a code as one of its first two arguments."""
NAMED = {"bad_token", "start"}
"""Codes that a constant, or a default, gives."""


def codes_of(text: str) -> set[str]:
    """The codes that a Python file gives by itself."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        values = [one.value for one in node.keywords if one.arg == "code"]
        values += node.args[:2] if name in CODED else []
        found |= {
            one.value
            for one in values
            if isinstance(one, ast.Constant)
            and isinstance(one.value, str)
            and _CODE.fullmatch(one.value)
        }
    return found


def in_sources() -> set[str]:
    """Every code of the node, its plugins and the SDK."""
    python = [
        path
        for part in ("goop_node", "plugins")
        for path in sources(".py", under=ROOT / part)
        if not TEST_KIT.search(path.as_posix()) and "/tests/" not in path.as_posix()
    ]
    scripts = [path for path in sources(".js", under=ROOT / "js") if "tests" not in path.parts]
    assert python
    assert scripts
    found = set(CODES) | NAMED
    for path in python:
        found |= codes_of(path.read_text(encoding="utf-8"))
    for path in scripts:
        found |= set(_JS.findall(path.read_text(encoding="utf-8")))
    return found


def explained(text: str) -> list[str]:
    """The codes of the page, each with what happened and what to do."""
    return [code for code, happened, do in _ROW.findall(text) if happened.strip() and do.strip()]


def test_every_code_is_explained_and_no_other() -> None:
    assert set(explained(PAGE.read_text(encoding="utf-8"))) == in_sources()


def test_a_code_is_explained_once_in_a_section() -> None:
    for section in PAGE.read_text(encoding="utf-8").split("\n## "):
        rows = explained(section)
        assert len(rows) == len(set(rows)), section.partition("\n")[0]


def test_what_is_not_explained_is_seen() -> None:
    assert explained("| `one` | it was | do |\n| `two` | it was |  |\n") == ["one"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('Refusal(code="one", reason="two")', {"one"}),
        ('raise Problem(404, "three", "not a code")', {"three"}),
        ('print("four")', set()),
        ('raise NetworkError("five", "six seven")', {"five"}),
    ],
)
def test_codes_are_found(text: str, codes: set[str]) -> None:
    assert codes_of(text) == codes
