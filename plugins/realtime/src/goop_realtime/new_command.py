# SPDX-License-Identifier: MIT
"""``goop new``: a plugin or a folder of pages that works at once, to begin with."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from goop_node.commands import Command, NodeClient, StartError
from goop_node.config.model import RESERVED_NAMES
from goop_node.data.kept_files import NotKeptError, write_new
from goop_node.web.sdk_scripts import FOLDER
from goop_realtime.web import sdk

SCAFFOLD = Path(__file__).parent / "scaffold"
SUFFIX = ".in"
"""What is made has names without it: the files here are no code of this package."""
NAMES = {
    "plugin": (
        re.compile(r"[a-z](?:[a-z0-9]|[_-](?=[a-z0-9])){0,39}"),
        "a lower-case word, such as whiteboard or four_in_a_row",
    ),
    "template": (
        re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,62}"),
        "a word for an address, of a-z, 0-9 and -, such as four-in-a-row",
    ),
}
NEXT = {
    "plugin": ("pip install -e '.[test]' 'goop-node[dev]'", "pytest", "goop run --dev"),
    "template": ("goop demo .",),
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=list(NAMES), help="a Python package, or pages alone")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--into", metavar="DIR", default=".", help="where; default: here")


def _run(options: argparse.Namespace, node: NodeClient) -> int:
    folder = make(options.kind, options.name, Path(options.into))
    print(f"Made {folder}. Next:\n")
    for line in (f"cd {folder}", *NEXT[options.kind]):
        print(f"  {line}")
    return 0


def make(kind: str, name: str, into: Path) -> Path:
    """Make a ``"plugin"`` or ``"template"`` of that name in a new folder below ``into``.

    Returns the folder. Raises ``StartError`` for a name that is none, and where it cannot be made.
    """
    form, expected = NAMES[kind]
    dashed = name.replace("_", "-")
    if not form.fullmatch(name):
        raise StartError([f"{name!r} cannot be the name of a {kind}: expected {expected}"])
    if dashed in RESERVED_NAMES:
        raise StartError([f"{name!r} is a name of the node's own; choose another"])
    folder = into / (f"goop-{dashed}" if kind == "plugin" else dashed)
    word = name.replace("-", "_")
    words = {
        "__NAME__": word,
        "__CONTEXT__": word if word[0].isalpha() else f"c{word}",
        "__DASHED__": dashed,
        "__TITLE__": dashed.replace("-", " ").capitalize(),
        "__YEAR__": str(datetime.now(UTC).year),
    }
    try:
        folder.mkdir(parents=True)
        for path, content in _files(kind):
            target = folder / _filled(path, words)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_new(target, _filled(content, words).encode(), mode=0o644)
    except FileExistsError as error:
        raise StartError([f"{folder}: exists already and is left as it is"]) from error
    except NotKeptError as error:
        raise StartError([f"{folder}: {error.words}"]) from error
    except OSError as error:
        raise StartError([f"{error.filename or folder}: {error.strerror}"]) from error
    return folder


def _files(kind: str) -> Iterator[tuple[str, str]]:
    """Where each file goes, and what is in it, with names still to be filled in."""
    root = SCAFFOLD / kind
    for file in sorted(root.rglob(f"*{SUFFIX}")):
        path = file.relative_to(root).as_posix().removesuffix(SUFFIX)
        yield path, file.read_text(encoding="utf-8")
    if kind == "template":
        own = [FOLDER / "goop.d.ts"]
        brought = [one.path for one in sdk.modules() if one.name.endswith(".d.ts")]
        for file in (*own, *brought):
            yield f"types/{file.name}", file.read_text(encoding="utf-8")


def _filled(text: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


COMMAND = Command(
    help="Begin a plugin, or a folder of pages.",
    arguments=_arguments,
    run=_run,
)
