# SPDX-License-Identifier: MIT
"""Which files matter while somebody works on plugins and pages, and what follows from a change."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, DefaultFilter

from goop_node.config.file import FILE_NAME
from goop_node.config.model import NodeConfig
from goop_node.plugins.environment import Candidate
from goop_node.templates.folder import MANIFEST

_CODE = frozenset({".py", ".pyi", ".pyd", ".so"})
"""What pages do not load, wherever it lies."""
_FILTER = DefaultFilter()


@dataclass(frozen=True)
class Places:
    """What is watched: ``folders`` with all that is in them, and single ``files``."""

    folders: frozenset[Path] = frozenset()
    files: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class Consequences:
    """What follows from changes: those for which the node starts anew, and those of pages."""

    restart: frozenset[Path] = frozenset()
    pages: frozenset[Path] = frozenset()


def matters(path: Path, root: Path) -> bool:
    """Whether a change at ``path`` below ``root`` can be one of an author's.

    What tools and editors leave beside the files is none: caches, hidden folders, swap files.
    """
    if not path.is_relative_to(root):
        return False
    # Only what is below counts: an environment may be in a folder named .venv itself.
    inside = path.relative_to(root)
    hidden = any(part.startswith(".") for part in inside.parts)
    return not hidden and _FILTER(Change.modified, str(inside))


def places_of(config: NodeConfig, candidates: Iterable[Candidate]) -> Places:
    """Where the code and data of the enabled plugins are, the folders of pages, and goop.toml."""
    found = set(config.templates)
    for candidate in candidates:
        if candidate.name in config.plugins:
            for module in _modules(candidate):
                found.update(_places(module))
            if candidate.source:
                found.add(Path(candidate.source).parent)  # another version has other entry points
    found = {path.resolve() for path in found}
    files = {path for path in found if path.is_file()}
    files.add(config_file(config))
    return Places(frozenset(found - files), frozenset(files))


def config_file(config: NodeConfig) -> Path:
    """Where goop.toml is, or would be."""
    return (config.source or Path.cwd() / FILE_NAME).resolve()


def consequences(
    changed: Iterable[Path],
    *,
    config: Path,
    page_folders: Mapping[str, Path],
    plain: Iterable[Path],
) -> Consequences:
    """Sort changes. ``config`` is goop.toml, which may lie among pages, ``page_folders`` are those
    of all templates by name, ``plain`` those that belong to no plugin: what these say in
    ``manifest.json`` is read at a start."""
    pages, restart = set(), set()
    plain = frozenset(plain)
    for path in changed:
        of_page = any(path.is_relative_to(folder) for folder in page_folders.values())
        if path == config or any(path == folder / MANIFEST for folder in plain):
            restart.add(path)
        elif (of_page and path.suffix not in _CODE) or any(map(path.is_relative_to, plain)):
            pages.add(path)
        else:
            restart.add(path)
    return Consequences(frozenset(restart), frozenset(pages))


def is_page_file(path: Path, folder: Path) -> bool:
    """Whether a file in a template's folder is one that pages may load."""
    return path.suffix not in _CODE and matters(path, folder)


def _modules(candidate: Candidate) -> set[str]:
    """The top-level modules of a plugin's distribution; that of its entry point in any case."""
    found = {candidate.module.partition(".")[0]} - {""}
    try:
        files = importlib.metadata.files(candidate.distribution) or ()
    except Exception:
        return found  # the environment's complaints name it
    return found | {
        Path(file.parts[0]).stem
        for file in files
        if file.suffix == ".py" and Path(file.parts[0]).stem.isidentifier()
    }


def _places(module: str) -> list[Path]:
    """The folders of a package, or the file of a module, found without running any of it."""
    importlib.invalidate_caches()
    try:
        spec = importlib.util.find_spec(module)
    except Exception:
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(one) for one in spec.submodule_search_locations if Path(one).is_dir()]
    return [Path(spec.origin)] if spec.origin and Path(spec.origin).is_file() else []
