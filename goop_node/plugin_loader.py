# SPDX-License-Identifier: MIT
"""Import the plugins that the configuration names, register them, contain those that fail.

Loading goes in phases so that order never matters: import all, let owners declare their
hooks, register all by name, explain what is missing. Whenever a plugin has to be left out,
a fresh pluggy manager is built without it, because ``unregister`` leaves specs behind.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from goop_node import hookspecs
from goop_node.config import ConfigError, NodeConfig, StartError
from goop_node.plugin_manager import Manager, hooks_of
from goop_node.plugin_types import drift

ENTRY_POINTS = "goop_node"
log = logging.getLogger("goop_node.plugins")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A plugin that could be loaded. ``load`` imports it and returns the entry point's value."""

    name: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class PluginStatus:
    """What became of an enabled plugin.

    ``status`` is ``"active"``, ``"faulty"`` (active, but something of it failed) or
    ``"failed"`` (left out). ``hooks`` it implements, ``brings`` what it gave to other
    plugins' hooks by kind (``{"contexts": ("chess",)}``), ``needed_by`` who depends on it.
    """

    name: str
    version: str
    distribution: str
    status: Literal["active", "faulty", "failed"]
    error: str | None = None
    hooks: tuple[str, ...] = ()
    brings: Mapping[str, tuple[str, ...]]
    needed_by: tuple[str, ...] = ()


class PluginError(StartError):
    """A plugin failed and the node is strict."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__([f"plugin {plugin}: {reason}"], code="plugin")
        self.plugin = plugin


def installed() -> list[Candidate]:
    """The plugins that the Python environment has, by name. Nothing is imported."""
    found = []
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        name = point.dist.name if point.dist else ""
        version = point.dist.version if point.dist else ""
        found.append(
            Candidate(name=point.name, load=point.load, distribution=name, version=version)
        )
    return sorted(found, key=lambda candidate: (candidate.name, candidate.distribution))


class Plugins:
    """The plugins of one node: one manager, one instance of each plugin.

    ``manager`` changes whenever a plugin is left out; do not keep it.
    """

    def __init__(self, config: NodeConfig, candidates: Sequence[Candidate]) -> None:
        """Load what ``config`` enables.

        Raises ``ConfigError`` for unknown plugins, ``PluginError`` for failures when strict.
        """
        self.strict = config.strict
        self.manager = Manager()
        self.errors: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.needed_by: dict[str, set[str]] = {}
        self.brings: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._available = frozenset(candidate.name for candidate in candidates)
        self._candidates = _choose(config, candidates)
        self._instances: dict[str, object] = {}
        for name, candidate in self._candidates.items():
            try:
                value = candidate.load()
                create = inspect.isclass(value) or inspect.isroutine(value)
                self._instances[name] = value() if create else value  # type: ignore[operator]
            except (Exception, SystemExit) as error:
                self._fail(name, f"cannot be loaded: {describe(error)}", error)
        self._rebuild()

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the plugins that take part, sorted."""
        return tuple(sorted(self._instances.keys() - self.errors.keys()))

    def distributions(self) -> dict[str, str]:
        """The distribution that each enabled plugin comes from, where it has one."""
        return {name: one.distribution for name, one in self._candidates.items()}

    def owners(self) -> frozenset[str]:
        """The active plugins that declare hooks of their own."""
        return frozenset(self.manager.owners.values()) - {""}

    def plugin_hooks(self, kind: str) -> list[str]:
        """The hooks of ``kind`` that plugins declared and that take the node alone."""
        manager = self.manager
        return [
            hook
            for hook, owner in sorted(manager.owners.items())
            if owner
            and hookspecs.kind_of(hook, manager.kinds) == kind
            and getattr(manager.hook, hook).spec.argnames == ("node",)
        ]

    def packages(self) -> dict[str, str]:
        """The top-level package that each active plugin's code is in."""
        found = {}
        for name in self.active:
            instance = self._instances[name]
            module = inspect.getmodule(instance) or inspect.getmodule(type(instance))
            if module is not None:
                found[name] = module.__name__.partition(".")[0]
        return found

    def leave_out(self, name: str, error: BaseException, doing: str) -> None:
        """Take a plugin, and those that need it, out of the node. Raises when strict."""
        if name in self.errors:
            return
        self._fail(name, f"{doing}: {describe(error)}", error)
        self._rebuild()

    def fault(self, name: str, error: BaseException) -> None:
        """Record that something of a plugin failed while the plugin stays."""
        self.faults[name] = describe(error)
        log.error("plugin %s: %s", name, describe(error), exc_info=error)

    def status(self) -> list[PluginStatus]:
        """What became of every enabled plugin, by name."""
        return [self._status(candidate) for _, candidate in sorted(self._candidates.items())]

    def _status(self, candidate: Candidate) -> PluginStatus:
        name = candidate.name
        error = self.errors.get(name) or self.faults.get(name)
        instance = self._instances.get(name)
        return PluginStatus(
            name=name,
            version=candidate.version,
            distribution=candidate.distribution,
            status="failed" if name in self.errors else "faulty" if error else "active",
            error=error,
            hooks=tuple(sorted(hooks_of(self.manager, instance))) if instance is not None else (),
            brings=self.brings.get(name, {}),
            needed_by=tuple(sorted(self.needed_by.get(name, ()))),
        )

    def _fail(self, name: str, reason: str, error: BaseException | None = None) -> None:
        self.errors[name] = reason
        if self.strict:
            raise PluginError(name, reason) from error
        # The sentence is for the person; the traceback is for who debugs the plugin.
        log.warning("plugin %s is left out: %s", name, reason)
        log.debug("plugin %s", name, exc_info=error)

    def _rebuild(self) -> None:
        """Build managers until one holds no plugin that fails."""
        while True:
            before = len(self.errors)
            self.manager = Manager()
            for phase in (self._declare, self._register, self._explain_unknown):
                for name in self.active:
                    phase(name)
            if len(self.errors) == before:
                return

    def _declare(self, name: str) -> None:
        try:
            implementation = hooks_of(self.manager, self._instances[name]).get("goop_add_hookspecs")
            if implementation is not None:
                self.manager.declare(name, implementation)
        except Exception as error:
            self._fail(name, f"goop_add_hookspecs(): {describe(error)}", error)

    def _register(self, name: str) -> None:
        try:
            self.manager.register(self._instances[name], name)
        except Exception as error:
            self._fail(name, f"does not fit the hooks: {describe(error)}", error)

    def _explain_unknown(self, name: str) -> None:
        """Refuse hooks that nobody declares, wrappers, and signatures that drifted."""
        for hook in sorted(hooks_of(self.manager, self._instances[name])):
            caller = getattr(self.manager.hook, hook)
            mine = next(one for one in caller.get_hookimpls() if one.plugin_name == name)
            owner = self.manager.owners.get(hook)
            if owner is None:
                if not mine.optionalhook:
                    self._fail(name, self._missing(name, hook))
                    return
                continue
            if owner and owner != name:
                self.needed_by.setdefault(owner, set()).add(name)
            if mine.hookwrapper or mine.wrapper:
                self._fail(name, f"{hook}() is a hook wrapper, which is not supported")
                return
            wrong = drift(caller.spec.function, mine.function)
            if wrong:
                self._fail(name, f"{hook}() {wrong}")
                return

    def _missing(self, name: str, hook: str) -> str:
        """Why ``hook`` of plugin ``name`` is unknown, in words that say what to do."""
        sentence = f"{name} implements {hook}(), which "
        for owner in sorted(self._available - {name}, key=len, reverse=True):
            if not hook.startswith(f"{owner}_"):
                continue
            if owner not in self._candidates:
                return f"{sentence}plugin '{owner}' declares; add [plugins.{owner}] to goop.toml"
            if owner in self.errors:
                self.needed_by.setdefault(owner, set()).add(name)
                return f"{sentence}plugin '{owner}' declares, and that one is left out"
            return f"{sentence}plugin '{owner}' does not declare; their versions do not fit"
        close = difflib.get_close_matches(hook, self.manager.owners, n=1)
        if close:
            return f"{sentence}nobody declares; did it mean {close[0]}()?"
        prefix = hook.partition("_")[0]
        return f"{sentence}no installed plugin declares; a plugin '{prefix}' may have to be added"


def describe(error: BaseException) -> str:
    """An exception on one line: its text, with its type where the text says little."""
    text = " ".join(str(error).split())
    if isinstance(error, StartError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _choose(config: NodeConfig, candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """The candidates that the configuration names; every other name is a mistake."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_name.setdefault(candidate.name, []).append(candidate)
    mistakes, chosen = [], {}
    for name in sorted(config.plugins):
        found = by_name.get(name, [])
        where = f"{config.source_name}: [plugins.{name}]"
        if len(found) == 1:
            chosen[name] = found[0]
        elif found:
            packages = " and ".join(one.distribution or "?" for one in found)
            mistakes.append(f"{where}: found in {packages}, expected one; uninstall the others")
        else:
            have = ", ".join(sorted(by_name)) or "none"
            close = difflib.get_close_matches(name, by_name, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            mistakes.append(f"{where}: found no such plugin, expected one of: {have}{hint}")
    if mistakes:
        raise ConfigError(mistakes)
    return chosen
