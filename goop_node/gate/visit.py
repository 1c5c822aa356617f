# SPDX-License-Identifier: MIT
"""One visit at a plugin: a node with it starts, is looked at, and stops."""

from __future__ import annotations

import asyncio
import importlib.metadata
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

from goop_node.cli.findings import failed, fitted
from goop_node.config.model import NodeConfig, StartError
from goop_node.findings import Finding, note, ok, wrong
from goop_node.gate import GROUP
from goop_node.gate.endpoints import look_at_endpoints
from goop_node.gate.hooks import look_at_peers, look_at_streams
from goop_node.gate.lone import LoneNode
from goop_node.gate.package import look_at_package
from goop_node.gate.settings import look_at_settings
from goop_node.gate.subject import Look, Subject
from goop_node.plugins.environment import Candidate, from_packages
from goop_node.plugins.interrupts import is_persons

NAMES = ("alice", "bob")
"""The peers at whose nodes the two visits are."""
OWN: tuple[tuple[str, Look], ...] = (
    ("settings", look_at_settings),
    ("endpoints", look_at_endpoints),
    ("streams", look_at_streams),
    ("peers", look_at_peers),
)
_REQUIRED = re.compile(r"[A-Za-z0-9._-]+")


def looks() -> list[tuple[str, Callable[[], Look]]]:
    """Every look, by its name: the host's, and those of packages, which are imported when called.

    What takes the process ends the others, so the wheel, which asks nothing of the plugin's code,
    comes first.
    """

    def brought(candidate: Candidate) -> Callable[[], Look]:
        def load() -> Look:
            found = candidate.load()
            if not callable(found):
                raise TypeError(f"expected a look, not {type(found).__name__}")
            return found

        return load

    own: list[tuple[str, Callable[[], Look]]] = [("package", lambda: look_at_package)]
    own += [(name, lambda look=look: look) for name, look in OWN]  # type: ignore[misc]
    return own + [(one.name, brought(one)) for one in from_packages(GROUP)]


def needed(candidate: Candidate, candidates: Iterable[Candidate]) -> list[Candidate]:
    """The plugin, and those of the packages that its own says it needs."""
    by_package: dict[str, list[Candidate]] = {}
    for one in candidates:
        by_package.setdefault(_plain(one.distribution), []).append(one)
    found, open_ = {candidate.name: candidate}, [candidate.distribution]
    seen = set()
    while open_:
        name = open_.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        for one in by_package.get(_plain(name), ()) if name != candidate.distribution else ():
            found.setdefault(one.name, one)
        open_ += _requires(name)
    return list(found.values())


def _requires(distribution: str) -> list[str]:
    try:
        said = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    firsts = [_REQUIRED.match(one) for one in said if "extra ==" not in one]
    return [one.group() for one in firsts if one is not None]


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


async def visit(
    config: NodeConfig,
    candidates: Sequence[Candidate],
    plugin: str,
    shared: Path,
    *,
    first: bool,
    quick: bool = False,
    begin: Callable[[str], bool] = lambda name: True,
    beat: Callable[[], None] = lambda: None,
) -> AsyncIterator[Finding]:
    """What is found at a plugin among ``candidates``, all of which are enabled.

    ``begin`` is told of each look before it, and says whether to take it; ``beat`` is called as one
    goes on. The node's data is in ``config.data``.
    """
    begin("start")
    node = LoneNode(config, candidates, NAMES[0] if first else NAMES[1])
    asyncio.get_running_loop().set_exception_handler(node.loop_failed)
    candidate = next(one for one in candidates if one.name == plugin)
    subject = Subject(
        candidate=candidate, node=node, shared=shared, first=first, quick=quick, beat=beat
    )
    try:
        async with node.running():
            async for one in look_at(subject, begin):
                yield one
            begin("end")
    except StartError as error:
        yield failed("start", error)
    await node.settle_all()
    for one in node.told(plugin, "end"):
        yield one


async def look_at(
    subject: Subject, begin: Callable[[str], bool] = lambda name: True
) -> AsyncIterator[Finding]:
    """What is found at a plugin whose node runs."""
    await subject.node.settle()
    status = next(one for one in subject.node.plugin_status() if one.name == subject.plugin)
    for one in subject.node.told(subject.plugin, "start"):
        yield one
    for words in status.warnings:
        yield note("start", words)
    if status.status == "failed":
        yield wrong("start", str(status.error), place=status.place)
        return
    if status.status == "active" and subject.first:
        yield ok("start", "a node starts with it")
    for name, load in looks():
        if begin(name):
            async for one in _look(subject, name, load):
                yield one


async def _look(subject: Subject, name: str, load: Callable[[], Look]) -> AsyncIterator[Finding]:
    """What a look finds, and what the plugin failed in meanwhile."""
    try:
        async for given in load()(subject):
            for one in subject.node.told(subject.plugin, name):
                yield one
            yield fitted(given)
    except BaseException as error:
        if is_persons(error) or isinstance(error, (GeneratorExit, asyncio.CancelledError)):
            raise
        yield failed(name, error)
    await subject.node.settle()
    for one in subject.node.told(subject.plugin, name):
        yield one
