# SPDX-License-Identifier: MIT
"""``goop types``: TypeScript of what contexts say, of plugins and of folders of pages.

``json-schema-to-typescript`` (npm, MIT) turns JSON Schemas into types; what channels and rooms of
them take then is in the SDK's own types (``GoopContextTypes``).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from goop_node.commands import Command, NodeClient, StartError
from goop_node.config.file import load_config
from goop_node.config.model import NodeConfig
from goop_node.data.kept_files import NotKeptError, write_whole
from goop_node.node import Node
from goop_node.plugins.environment import installed
from goop_node.plugins.plugin_node import PluginNode
from goop_realtime.contexts.collected import registry_of
from goop_realtime.contexts.registry import Context, schema_of

GENERATOR = "json-schema-to-typescript@16"
OPTIONS = ("--additionalProperties=false", "--no-style.singleQuote", "--bannerComment", "")
TAIL = "interface GoopContextTypes extends GoopContexts.All {}\n"
SECONDS = 180.0
NOTHING = {"type": "null"}
OUT = "goop-contexts.d.ts"
HEAD = """\
// Written by `goop types` from the contexts of: {names}. Do not edit.
/// <reference path="{goop}" />
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default=OUT, metavar="FILE", help=f"default: {OUT}")
    parser.add_argument(
        "--goop",
        default="types/goop.d.ts",
        metavar="FILE",
        help="where goop.d.ts is, from there; default: types/goop.d.ts",
    )
    parser.add_argument(
        "--template",
        action="append",
        metavar="DIR",
        help="a folder of pages whose contexts are wanted, too, beside those that goop.toml names",
    )


def _run(options: argparse.Namespace, node: NodeClient) -> int:
    plugins = [one.name for one in installed().plugins]
    path = Path(options.config) if options.config else None
    given = {"--template": options.template}
    folders = load_config(path, given, installed=plugins).templates
    contexts = of_all_plugins(folders)
    text = declarations(contexts, goop=options.goop)
    try:
        write_whole(Path(options.out), text.encode())
    except NotKeptError as error:
        raise StartError([f"{options.out}: {error.words}"]) from error
    print(f"{options.out}: {', '.join(_by_name(contexts))}")
    return 0


def of_all_plugins(folders: tuple[Path, ...] = ()) -> list[Context]:
    """Every context that an installed plugin, or one of these folders of pages, brings, in each of
    its major versions, the newest first.

    Raises ``PluginError`` of a broken plugin, ``ConfigError`` with the mistakes of a folder.
    """
    plugins = {one.name: dict[str, Any]() for one in installed().plugins}
    with tempfile.TemporaryDirectory(prefix="goop-types-") as folder:
        config = NodeConfig(data=Path(folder), plugins=plugins, templates=folders, strict=True)
        node = Node(config)
        registry = registry_of(PluginNode(node, "realtime"))
        return [one for newest in registry.all() for one in registry.versions(newest.name)]


def declarations(
    contexts: Iterable[Context], *, goop: str, generator: Iterable[str] | None = None
) -> str:
    """The file. ``generator`` is the command that turns a schema into types (default: by npx).

    Raises ``StartError`` where there is none, or it fails.
    """
    found = list(contexts)
    with tempfile.TemporaryDirectory(prefix="goop-types-") as folder:
        root = _write_schemas(found, Path(folder))
        types = _generated(root, list(generator) if generator is not None else _npx())
    body = re.sub(r"(?m)^(?=.)", "  ", types.strip())
    head = HEAD.format(names=", ".join(_by_name(found)) or "none", goop=goop)
    return f"{head}\ndeclare namespace GoopContexts {{\n{body}\n}}\n\n{TAIL}"


def _by_name(contexts: Iterable[Context]) -> dict[str, list[Context]]:
    """The versions of each context, the newest first."""
    found: dict[str, list[Context]] = {}
    for context in contexts:
        found.setdefault(context.name, []).append(context)
    return found


def _write_schemas(contexts: list[Context], folder: Path) -> Path:
    """Each schema in a file of its own, since its references are to itself; and one of all.

    What an older major version says is among what may be said: channels go on by it.
    """
    properties = {}
    for context_name, versions in _by_name(contexts).items():
        said: list[dict[str, str]] = []
        proposed: list[dict[str, str]] = []
        for context in versions:
            kind, older = context.type, context is not versions[0]
            prefix = _type_name(context_name) + (f"V{context.version.major}" if older else "")
            for name, message in sorted(kind.messages.items()):
                file = f"{context_name}.{len(said)}.json"
                _write(folder / file, schema_of(message), f"{prefix}{_type_name(name)}")
                said.append({"$ref": file})
            file = f"{context_name}.params.{len(proposed)}.json"
            _write(folder / file, kind.params or NOTHING, f"{prefix}Params")
            proposed.append({"$ref": file})
        prefix = _type_name(context_name)
        properties[context_name] = {
            "title": f"{prefix}Context",
            "type": "object",
            "properties": {
                "message": {"title": f"{prefix}Message", "anyOf": said} if said else {},
                "params": proposed[0] if len(proposed) == 1 else {"anyOf": proposed},
                "version": {"enum": [one.type.version for one in versions]},
            },
            "required": ["message", "params", "version"],
        }
    root = {"title": "All", "type": "object", "required": [*properties], "properties": properties}
    _write(folder / "all.json", root, "All")
    return folder / "all.json"


def _write(file: Path, schema: Mapping[str, Any], title: str) -> None:
    write_whole(file, json.dumps({**schema, "title": title}).encode(), durable=False)


def _type_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def _npx() -> list[str]:
    npx = shutil.which("npx")
    if npx is None:
        raise StartError(["goop types needs npx, which comes with Node.js: https://nodejs.org"])
    return [npx, "--yes", "--package", GENERATOR, "json2ts"]


def _generated(root: Path, generator: list[str]) -> str:
    command = [*generator, "--input", str(root), "--cwd", str(root.parent), *OPTIONS]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=root.parent
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError([f"{generator[0]} cannot be run: {error}"]) from error
    if done.returncode:
        raise StartError([f"{GENERATOR} failed:", *done.stderr.strip().splitlines()[-5:]])
    return done.stdout


COMMAND = Command(
    help="Write the TypeScript of what the installed contexts say.",
    arguments=_arguments,
    run=_run,
)
