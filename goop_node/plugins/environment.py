# SPDX-License-Identifier: MIT
"""The plugins that the Python environment has, however its metadata looks.

Each installed distribution is read by itself: one that is broken hides no other, and is named with
what to remove. Nothing is imported.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from goop_node.plugins.blame import describe
from goop_node.plugins.crossings import shown

ENTRY_POINTS = "goop_node"
PLUGIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PACKAGE = re.compile(r"[A-Za-z0-9._!+-]{1,128}")
"""A distribution's name, and its version."""
_HEADER = re.compile(rf"^(Name|Version): {_PACKAGE.pattern}$", re.MULTILINE)
"""Where its metadata says them."""
_VALUE = re.compile(r"\s*[\w.]+\s*(?::\s*[\w.]+\s*)?(?:\[.*\]\s*)?")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A plugin that could be loaded. ``load`` imports it and returns the entry point's value.

    ``module`` is where that is to be found, ``source`` the file that says so. ``rivals`` name
    other distributions that bring a plugin of this name.
    """

    name: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""
    module: str = ""
    source: str = ""
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What is installed: ``plugins`` by name, and ``complaints`` about what cannot be read."""

    plugins: tuple[Candidate, ...] = ()
    complaints: tuple[str, ...] = ()

    def candidates(self, wanted: Iterable[str]) -> tuple[Candidate, ...]:
        """The plugins, and in place of a wanted one that a complaint may explain, that."""
        missing = sorted(set(wanted) - {one.name for one in self.plugins})
        if not self.complaints:
            return self.plugins
        reason = f"no installed package brings it; perhaps because {'; '.join(self.complaints)}"

        def load() -> object:
            raise LookupError(reason)

        return (*self.plugins, *(Candidate(name=name, load=load) for name in missing))


def installed() -> Environment:
    """The plugins of this Python environment."""
    return read_environment(importlib.metadata.distributions())


def from_packages(group: str) -> tuple[Candidate, ...]:
    """What installed packages bring by another group of entry points."""
    return read_environment(importlib.metadata.distributions(), group).plugins


def read_environment(
    distributions: Iterable[Distribution], group: str = ENTRY_POINTS
) -> Environment:
    """The plugins of ``distributions``, which come in the order of ``sys.path``.

    Or, with another ``group`` of entry points, what else packages bring by such.

    Of two distributions of one name the first with entry points counts, as its code would be
    the first to be found; the other is complained of.
    """
    complaints: list[str] = []
    chosen: dict[str, tuple[str, str]] = {}
    found: list[Candidate] = []
    for distribution in distributions:
        place = _place(distribution)
        file = "entry_points.txt"
        try:
            points = [point for point in distribution.entry_points if point.group == group]
            file = "METADATA"
            if not points and _is_in_order(distribution):
                continue
            name, version = distribution.name or "", distribution.version or ""
        except Exception as error:
            complaints.append(
                f"{place}/{file} cannot be read ({describe(error)}); "
                "install that package again, or remove the folder"
            )
            continue
        if not name or not version:
            complaints.append(f"{place} is left over and says nothing; remove it")
            continue
        if not _PACKAGE.fullmatch(name) or not _PACKAGE.fullmatch(version):
            complaints.append(
                f"{place}/METADATA says {shown(name)} {shown(version)}, which are no name and "
                "version of a package; install that package again, or remove the folder"
            )
            continue
        if not points:
            continue
        key = re.sub(r"[-_.]+", "-", name).lower()
        used, where = chosen.setdefault(key, (version, place))
        if where == place:
            for point in points:
                if PLUGIN_NAME.fullmatch(point.name):
                    found.append(_candidate(point, name, version, place))
                else:
                    complaints.append(
                        f"{place}/entry_points.txt names a plugin {shown(point.name)}, which is "
                        "no name; one has letters, digits, - and _ (at most 64)"
                    )
        else:
            complaints.append(
                f"{name} is installed twice: {where} ({used}) is used, "
                f"{place} ({version}) is not; remove one of them"
            )
    return Environment(plugins=_without_rivals(found), complaints=tuple(dict.fromkeys(complaints)))


def _is_in_order(distribution: Distribution) -> bool:
    """Whether it says its name and version; to parse all of what 130 packages say takes 75 ms."""
    head = (distribution.read_text("METADATA") or "").partition("\n\n")[0]
    return set(_HEADER.findall(head)) == {"Name", "Version"}


def _candidate(point: EntryPoint, distribution: str, version: str, place: str) -> Candidate:
    source = f"{place}/entry_points.txt"

    def load() -> object:
        if not _VALUE.fullmatch(point.value):
            raise ValueError(f'{source} says "{point.value}", expected MODULE:NAME')
        return point.load()

    return Candidate(
        name=point.name,
        load=load,
        distribution=distribution,
        version=version,
        module=point.value.partition(":")[0].strip(),
        source=source,
    )


def _without_rivals(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """One candidate a name; those of other distributions are its rivals."""
    by_name: dict[str, dict[str, Candidate]] = {}
    for candidate in found:
        by_name.setdefault(candidate.name, {}).setdefault(candidate.source, candidate)
    plugins = []
    for _, same in sorted(by_name.items()):
        first, *others = same.values()
        rivals = tuple(f"{one.distribution} ({Path(one.source).parent})" for one in others)
        plugins.append(replace(first, rivals=rivals))
    return tuple(plugins)


def _place(distribution: Distribution) -> str:
    """The folder of a distribution's metadata."""
    # The library knows it and has no public name for it.
    path = getattr(distribution, "_path", None)
    return str(path) if path is not None else str(distribution.locate_file(""))
