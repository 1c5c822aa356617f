# SPDX-License-Identifier: MIT
"""goop.toml and the command line's options -> :class:`NodeConfig`, or every mistake at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from goop_node.config import values as check
from goop_node.config.model import DEFAULT_MDNS, ConfigError, NodeConfig, default_data
from goop_node.templates.permissions import Permission, parse_all
from goop_node.types import JsonValue

DEFAULTS = Path(__file__).with_name("default.toml")
"""What a node without a goop.toml enables, as far as it is installed."""

FILE_NAME = "goop.toml"
_TABLES = ["node", "plugins", "templates"]


def load_config(
    path: Path | None = None,
    options: Mapping[str, object] | None = None,
    *,
    installed: Collection[str] = (),
    cwd: Path | None = None,
) -> NodeConfig:
    """Read ``path``, else ``./goop.toml``, else the defaults; ``options`` win over the file.

    ``options`` maps command-line options (``"--http"``) to what was given; those that are
    ``None`` or empty lists were not given. ``installed`` are the names of the plugins that
    exist here: they decide what the defaults enable. Raises ``ConfigError`` with all mistakes.
    """
    here = Path.cwd() if cwd is None else cwd
    if path is None and (here / FILE_NAME).exists():
        path = here / FILE_NAME
    mistakes: list[str] = []
    document = _read(path or DEFAULTS)
    name = (path or DEFAULTS).name
    base = path.resolve().parent if path else here
    values = _node_table(name, document, base, mistakes)
    plugins = _plugin_tables(name, document, mistakes)
    if path is None:
        plugins = {plugin: table for plugin, table in plugins.items() if plugin in installed}
    allowed = _template_tables(name, document, mistakes)
    values.update(_options(options or {}, here, mistakes))
    folders, data = values.get("templates", ()), values.get("data") or default_data().resolve()
    _same_names(folders, name, mistakes)
    _apart(folders, data, name, mistakes)
    if mistakes:
        raise ConfigError(mistakes)
    values.setdefault("mdns", DEFAULT_MDNS)
    return NodeConfig(**values, allowed=allowed, plugins=plugins, source=path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # some editors write a mark
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([f"{path}: cannot be read ({reason}), expected a file"]) from error
    except UnicodeDecodeError as error:
        line = f"{path.name}: found bytes that are not UTF-8 at {error.start}, expected UTF-8 text"
        raise ConfigError([line]) from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError([f"{path.name}: is not valid TOML: {reason}"]) from error


def _checkers(base: Path) -> dict[str, Callable[[object], Any]]:
    """The checker of each key of ``[node]``; relative paths start at ``base``."""
    return {
        "label": check.label,
        "http": check.http,
        "listen": check.each(check.listen),
        "peers": check.each(check.peer),
        "mdns": check.mdns,
        "mdns_interfaces": check.each(check.interface),
        "data": lambda value: check.data_folder(value, base),
        "templates": check.each(lambda value: check.template_folder(value, base)),
        "dev_origins": check.each(check.origin),
        "isolation": check.isolation,
        "reachable_by": check.reachable_by,
    }


def _node_table(
    name: str, document: Mapping[str, Any], base: Path, mistakes: list[str]
) -> dict[str, Any]:
    """The checked values of ``[node]``; what is wrong is added to ``mistakes``."""
    mistakes += [f"{name}: {_unknown(key, _TABLES)}" for key in document if key not in _TABLES]
    table = document.get("node", {})
    if not isinstance(table, dict):
        mistakes.append(f"{name}: node: found {check.show(table)}, expected a table [node]")
        return {}
    checkers = _checkers(base)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in checkers:
            mistakes.append(f"{name}: [node] {_unknown(key, list(checkers))}")
            continue
        _take(values, key, value, checkers[key], f"{name}: [node] {key}", mistakes)
    return values


def _plugin_tables(
    name: str, document: Mapping[str, Any], mistakes: list[str]
) -> dict[str, Mapping[str, JsonValue]]:
    """The tables of the enabled plugins, without ``enabled``."""
    tables = document.get("plugins", {})
    if not isinstance(tables, dict):
        found = check.show(tables)
        mistakes.append(f"{name}: plugins: found {found}, expected tables [plugins.NAME]")
        return {}
    enabled: dict[str, Mapping[str, JsonValue]] = {}
    for plugin, table in tables.items():
        where = f"{name}: [plugins.{_key(plugin)}]"
        if not isinstance(table, dict):
            mistakes.append(f"{where}: found {check.show(table)}, expected a table")
            continue
        on = table.get("enabled", True)
        if not isinstance(on, bool):
            mistakes.append(f"{where} enabled: found {check.show(on)}, expected true or false")
        elif on:
            enabled[plugin] = {key: value for key, value in table.items() if key != "enabled"}
    return enabled


def _template_tables(
    name: str, document: Mapping[str, Any], mistakes: list[str]
) -> dict[str, frozenset[Permission]]:
    """What ``[templates.NAME]`` allows each template."""
    tables = document.get("templates", {})
    if not isinstance(tables, dict):
        found = check.show(tables)
        mistakes.append(f"{name}: templates: found {found}, expected tables [templates.NAME]")
        return {}
    allowed: dict[str, frozenset[Permission]] = {}
    for template, table in tables.items():
        where = f"{name}: [templates.{_key(template)}]"
        if not isinstance(table, dict):
            mistakes.append(f"{where}: found {check.show(table)}, expected a table")
            continue
        if not check.is_template_name(template):
            mistakes.append(f"{where}: found no name that a template can have, expected one")
            continue
        mistakes += [f"{where} {_unknown(key, ['allow'])}" for key in table if key != "allow"]
        try:
            allowed[template] = parse_all(table.get("allow", []))
        except check.Mistake as mistake:
            mistakes.append(f"{where} allow: {mistake}")
    return allowed


_OPTIONS = {
    "--label": "label",
    "--http": "http",
    "--listen": "listen",
    "--peer": "peers",
    "--data": "data",
    "--template": "templates",
    "--no-mdns": "mdns",
    "--strict": "strict",
}


def _options(options: Mapping[str, object], cwd: Path, mistakes: list[str]) -> dict[str, Any]:
    """What the command line gives; the same checkers, relative paths start at ``cwd``."""
    values: dict[str, Any] = {}
    checkers = {**_checkers(cwd), "strict": check.boolean}
    for option, value in options.items():
        if value is None or value == [] or value is False:
            continue
        key = _OPTIONS[option]
        _take(values, key, "off" if key == "mdns" else value, checkers[key], option, mistakes)
    return values


def _take(
    values: dict[str, Any],
    key: str,
    value: object,
    checker: Callable[[object], Any],
    where: str,
    mistakes: list[str],
) -> None:
    try:
        checked = checker(value)
    except check.Mistake as mistake:
        mistakes.append(f"{where}: {mistake}")
        return
    if key == "http":
        values["http_host"], values["http_port"] = checked
    else:
        values[key] = checked


def _same_names(folders: Collection[Path], name: str, mistakes: list[str]) -> None:
    """Two template folders of one name would share an address."""
    seen: dict[str, Path] = {}
    mistakes += [
        f"{name}: [node] templates: found two folders named {check.show(folder.name)}, "
        "expected different names"
        for folder in folders
        if seen.setdefault(folder.name, folder) != folder
    ]


def _apart(folders: Collection[Path], data: Path, name: str, mistakes: list[str]) -> None:
    """What stands in a template's folder is served to whoever asks: never the node's secrets."""
    mistakes += [
        f"{name}: [node] templates: found {check.show(str(folder))}, in which the node would keep "
        f"its own files ({check.show(str(data))}), expected a data folder outside of it"
        for folder in folders
        if data.is_relative_to(folder)
    ]


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f"{_key(key)}: found an unknown key, expected one of {', '.join(known)}{hint}"


def _key(key: str) -> str:
    """A key as it stands in a TOML file, on one line."""
    plain = key.isascii() and key.replace("-", "_").isidentifier()
    return key if plain else check.show(key)
