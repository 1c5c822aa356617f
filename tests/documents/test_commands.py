# SPDX-License-Identifier: MIT
"""Every command in the documents is one: ``goop`` takes its options, ``make`` has its target."""

from __future__ import annotations

import argparse
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from goop_node.cli.main import make_parser
from scripts.reference.commands import commands_of as commands_of_goop
from tests.documents.blocks import blocks_of, commands_of
from tests.documents.test_blocks import ALL
from tests.unit.test_layers import ROOT

OTHERS = {".", "cd", "npm", "npx", "pytest", "python", "python3", "pip", "zip", "curl"}
_INLINE = re.compile(r"`((?:\.venv/bin/)?goop [^`\\]+|make [a-z]+)`")
_PLACEHOLDERS = re.compile(r"\.\.\.|…|\|[A-Z]+|[A-Z]+\|(?=[A-Z])")


def lines_of(path: Path) -> list[tuple[str, str]]:
    """The commands of a document: those in blocks, and those within its text."""
    found = []
    for block in blocks_of(path):
        if block.language == "console":
            found += [(block.place, one.line) for one in commands_of(block.text)]
        elif block.language == "sh":
            lines = [line.partition("#")[0].strip() for line in block.text.splitlines()]
            found += [(block.place, line) for line in lines if line]
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found += [(path.name, line) for line in _INLINE.findall(text)]
    return [(place, part) for place, line in found for part in line.split(" && ")]


@cache
def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command of ``goop``."""
    return {name: parser for name, (_, parser) in commands_of_goop(make_parser()).items()}


def wrong(line: str) -> str:
    """What is wrong with a command; ``""`` where nothing is."""
    words = shlex.split(_PLACEHOLDERS.sub("", line))
    program, rest = words[0].removeprefix(".venv/bin/"), words[1:]
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
        named = {word for word in rest if "=" not in word}
        return "" if named <= targets else f"no target {named - targets}"
    if program != "goop":
        return "" if program in OTHERS else f"nobody knows {program}"
    if rest and rest[0] == "NAME":  # of any package
        return ""
    if not rest or rest[0].startswith("-"):
        return ""
    if rest[0] not in parsers():
        return f"no command {rest[0]}"
    flags = parsers()[rest[0]]._option_string_actions
    common = make_parser()._option_string_actions
    unknown = [one for one in rest[1:] if one.startswith("-") and one not in {**flags, **common}]
    return f"no flag {unknown}" if unknown else ""


@pytest.mark.parametrize("name", ALL)
def test_commands_are_there(name: str) -> None:
    found = [
        f"{place}: {line}: {wrong(line)}" for place, line in lines_of(ROOT / name) if wrong(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("goop run --label NAME", ""),
        ("goop add ZIP|DIR", ""),
        ("goop fly", "no command fly"),
        ("goop run --fast", "no flag ['--fast']"),
        ("make demo", ""),
        ("make tea", "no target {'tea'}"),
        ("frobnicate", "nobody knows frobnicate"),
    ],
)
def test_what_is_not_there_is_seen(line: str, words: str) -> None:
    assert wrong(line) == words
