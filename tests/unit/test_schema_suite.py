# SPDX-License-Identifier: MIT
"""The public JSON-Schema-Test-Suite judges what runs per message, and what checks schemas.

The suite comes with the source distribution of ``jsonschema``, which pip downloads once.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from goop_realtime.contexts.validator import DIALECT, ContextError, Validator
from goop_realtime.model.jsonio import decode

REMOTES = ("dynamicRef.json", "refRemote.json", "vocabulary.json")
"""The files of the suite with schemas that refer to others by address."""
MESSAGE = 64 * 1024


def download(folder: Path) -> str:
    """Put the suite into ``folder``; why not, in words, else ``""``."""
    version = importlib.metadata.version("jsonschema")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", "jsonschema", "--dest", str(folder)]
    result = subprocess.run(
        [*command, f"jsonschema=={version}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    archives = list(folder.glob("jsonschema-*.tar.gz"))
    if result.returncode != 0 or not archives:
        return result.stdout.strip()[-300:]
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return ""


@pytest.fixture(scope="module")
def suite(pytestconfig: pytest.Config) -> Path:
    """The folder with the suite's files for draft 2020-12."""
    cache = pytestconfig.cache
    assert cache is not None
    folder = cache.mkdir(f"jsonschema-{importlib.metadata.version('jsonschema')}")
    for attempt in (True, False):
        for found in folder.glob("jsonschema-*/json/tests/draft2020-12"):
            return found
        if attempt and (reason := download(folder)):
            pytest.skip(f"the suite could not be downloaded: {reason}")
    raise AssertionError("the source distribution has no suite")


def groups(suite: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, group of tests with one schema); contexts have no schemas that are booleans."""
    for file in sorted(suite.glob("*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            if isinstance(group["schema"], dict):
                yield file.name, group


def test_both_engines_agree_with_the_suite(suite: Path) -> None:
    tests, refused, wrong = 0, [], []
    for file, group in groups(suite):
        name = f"{file}: {group['description']}"
        try:
            fast = Validator(group["schema"], where="suite")
        except ContextError as error:
            refused.append(f"{name}: {error}")
            continue
        slow = Draft202012Validator(group["schema"])
        for test in group["tests"]:
            tests += 1
            data = decode(json.dumps(test["data"]))
            answers = (fast.check(data) is None, slow.is_valid(data))
            if answers != (test["valid"], test["valid"]):
                wrong.append(f"{name}: {test['description']}: {answers}")
    assert wrong == []
    assert tests > 1100
    # Refused is what would have to be fetched, or is no 2020-12 at all, and nothing else.
    assert all(text.startswith(REMOTES) for text in refused), refused
    assert all("localhost" in text for text in refused), refused
    assert 10 < len(refused) < 30


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "https://example.invalid/schema.json#/$defs/x"},
        {"$ref": "file:///etc/hostname"},
        {"properties": {"x": {"$dynamicRef": "http://127.0.0.1:9/schema.json#x"}}},
        {"$id": "http://127.0.0.1:9/base/", "$ref": "other.json"},
        {"$schema": "http://127.0.0.1:9/dialect"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
    ],
)
def test_nothing_is_fetched_and_no_other_dialect_taken(schema: dict[str, Any]) -> None:
    with pytest.raises(ContextError, match=r"^test: "):
        Validator(schema, where="test")


def test_the_dialect_may_be_named() -> None:
    Validator({"$schema": DIALECT, "type": "string"}, where="test")


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "pattern",
    [r"^(a+)+$", r"^(a|aa)+$", r"^(a|a?)+$", r"(.*a){12}$", r"^(([a-z])+.)+[A-Z]([a-z])+$"],
)
def test_no_pattern_runs_away(pattern: str) -> None:
    """A backtracking engine takes hours for these; the bound is for a hang, not for speed."""
    validator = Validator({"type": "string", "pattern": pattern}, where="test")
    refusal = validator.check("a" * (MESSAGE - 10) + "!")
    assert refusal is not None
    assert refusal.code == "invalid_message"
    assert len(refusal.reason) <= 300


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "items",
    [
        list(range(10_000)),
        [{"n": n} for n in range(5_000)],
        [[n] for n in range(8_000)],
        [f"{n:x}" for n in range(8_000)],
        [[[n % 2, n]] for n in range(5_000)],
    ],
    ids=["numbers", "objects", "lists", "texts", "nested"],
)
def test_unique_items_of_a_whole_message_stay_cheap(items: list[Any]) -> None:
    """Comparing each with each took 38 s in another engine; the bound is for that."""
    assert len(json.dumps(items)) <= 2 * MESSAGE
    validator = Validator({"type": "array", "uniqueItems": True}, where="test")
    assert validator.check(items) is None
    refusal = validator.check([*items, items[0]])
    assert refusal is not None
    assert refusal.code == "invalid_message"
