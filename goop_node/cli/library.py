# SPDX-License-Identifier: MIT
"""``goop add`` and ``goop remove``: templates come and go, with or without a running node.

What is added is unpacked and looked at first. Into its place the running node puts it; where none
runs this process does, and no node starts meanwhile.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from goop_node.cli.client import LocalNode
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.ready import only_node, read_ready
from goop_node.escaping import escaped
from goop_node.log_format import say
from goop_node.templates.grants import Brought, forget_grants, granted_at_home
from goop_node.templates.library import Library, Staged
from goop_node.templates.unpacking import NotTaken
from goop_node.types import JsonValue


def add(config: NodeConfig, source: Path, *, name: str = "", yes: bool = False) -> int:
    """Add the pages of a ZIP file or folder. Returns 0, or 1 where the person says no.

    Raises ``StartError``.
    """
    library = Library(config.data)
    try:
        staged = library.stage(source, name)
    except NotTaken as error:
        raise StartError([f"{source}: {error}"], code="not_taken") from error
    except OSError as error:
        raise StartError([f"{error.filename or source}: {error.strerror}"]) from error
    try:
        for line in _told(config, library, staged):
            say(line)
        question = "Put the new one in its place?" if staged.replaces else "Add it?"
        if not yes and not _asked(question):
            say("Nothing was changed.")
            return 1
        if read_ready(config.data):
            body = {"id": staged.id}
            row = json.loads(LocalNode(config.data).post("/api/templates/install", body))
            say(f"{staged.template.name} is there: {row['url']}")
            for line in row["flaws"]:
                say(line, error=True)
        else:
            with only_node(config.data):
                library.install(staged.id)
            say(f"{staged.template.name} is there when the node runs. goop check looks at it.")
    except OSError as error:
        raise StartError([f"{error.filename}: {error.strerror}"]) from error
    finally:
        library.discard(staged.id)
    return 0


def remove(config: NodeConfig, name: str, *, delete_data: bool | None, yes: bool = False) -> int:
    """Take a template away; ``delete_data`` is asked for where it is ``None``.

    Returns 0, or 1 where the person says no. Raises ``StartError``.
    """
    library = Library(config.data)
    if not library.has(name):
        have = ", ".join(one.name for one in library.folders()) or "none"
        line = f"{name}: no template of that name was added; there is: {have}"
        raise StartError([escaped(line)], code="unknown_template")
    if not yes and not _asked(f"Remove {name}, and what it may do?"):
        say("Nothing was changed.")
        return 1
    if delete_data is None:
        delete_data = not yes and _asked("Delete its channels and rooms, too?")
    if read_ready(config.data):
        body: JsonValue = {"template": name, "deleteData": delete_data}
        LocalNode(config.data).post("/api/templates/remove", body)
    else:
        try:
            with only_node(config.data):
                forget_grants(config.data, name)
                library.remove(name, delete_data=delete_data)
        except OSError as error:
            raise StartError([f"{error.filename}: {error.strerror}"]) from error
    kept = (
        "Its channels and rooms are deleted" if delete_data else "Its channels and rooms are kept"
    )
    say(f"{name} is removed. {kept}; what its pages keep in your browser stays there.")
    return 0


def _told(config: NodeConfig, library: Library, staged: Staged) -> Iterator[str]:
    """What there is to know before it is added."""
    template = staged.template
    if any(folder.name == template.name for folder in config.templates):
        line = f"{config.source_name} names a folder {template.name}, too; choose another --name"
        raise StartError([line], code="name_taken")
    yield f"{template.name}: {template.title}" + (
        f", {template.description}" if template.description else ""
    )
    if staged.replaces:
        yield "It replaces the template of that name; what you had granted stays granted."
    there = Brought(template=dataclasses.replace(template, folder=library.root / template.name))
    granted = granted_at_home(config.data, there)
    brought = Brought(template=template)
    for one in sorted(brought.asks):
        state = "granted already" if one in granted else "you grant that at home"
        yield f"  It asks to {one.allows} ({state})."
    if not brought.asks:
        yield "  It asks for nothing."
    for name in sorted(template.contexts):
        yield f"  It brings the context {escaped(name)}."
    for line in staged.lines():
        yield f"  A mistake: {line}"


def _asked(question: str) -> bool:
    """The person's answer. Raises ``StartError`` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise StartError([f"{question} Nobody can be asked here: say --yes"], code="not_asked")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
