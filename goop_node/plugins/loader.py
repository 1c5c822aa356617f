# SPDX-License-Identifier: MIT
"""Import the plugins that the configuration names, register them, contain those that fail.

Loading goes in phases so that order never matters: import all, let owners declare their
hooks, compare versions, register all by name, explain what is missing. Whenever a plugin has to be
left out, a fresh pluggy manager is built without it, because ``unregister`` leaves specs behind.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from goop_node import hookspecs
from goop_node.config.model import ConfigError, NodeConfig
from goop_node.escaping import escaped
from goop_node.plugins import hints as plugin_hints
from goop_node.plugins import hook_versions
from goop_node.plugins import instance as plugin_instance
from goop_node.plugins.blame import (
    describe,
    file_of,
    packages_of,
    place_of,
    place_of_code,
)
from goop_node.plugins.contained import Failed, contained
from goop_node.plugins.environment import PLUGIN_NAME, Candidate
from goop_node.plugins.faults import Faults, Tell, at
from goop_node.plugins.instance import Instance
from goop_node.plugins.loading import Loading
from goop_node.plugins.manager import Implementations, Manager
from goop_node.plugins.signatures import drift
from goop_node.plugins.status import PluginError, PluginStatus


class Plugins:
    """The plugins of one node: one manager, one instance of each plugin.

    ``manager`` changes whenever a plugin is left out; do not keep it.
    """

    def __init__(
        self,
        config: NodeConfig,
        candidates: Sequence[Candidate],
        loading: Loading | None = None,
        tell: Tell | None = None,
    ) -> None:
        """Load what ``config`` enables; ``tell`` is told of what is wrong with plugins.

        Raises ``ConfigError`` for unknown plugins, ``PluginError`` for failures when strict.
        """
        self.strict = config.strict
        self.loading = loading or Loading()
        self.manager = Manager()
        self.errors: dict[str, str] = {}
        self.faults = Faults(tell=tell)
        self.needed_by: dict[str, set[str]] = {}
        self.brings: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._places: dict[str, str] = {}
        self._warnings: dict[str, dict[str, None]] = {}
        self.loading.warn = self.warn
        self._available = frozenset(candidate.name for candidate in candidates)
        self._candidates = _choose(config, candidates)
        self._instances: dict[str, Instance] = {}
        for name, candidate in self._candidates.items():
            self._load(name, candidate)
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
        return {name: package for name in self.active if (package := self._package(name))}

    def blamed(self, error: BaseException) -> str:
        """The active plugin in whose code ``error`` was raised, or ``""``."""
        passed = packages_of(error)
        found = [
            (passed.index(one), name) for name, one in self.packages().items() if one in passed
        ]
        return min(found)[1] if found else ""

    def code(self, name: str, hook: str) -> object:
        """The function with which a plugin implements a hook, to name its place."""
        instance = self._instances.get(name)
        return instance.hooks.get(hook) if instance is not None else None

    def leave_out(self, name: str, error: BaseException, doing: str, code: object = None) -> None:
        """Take a plugin, and those that need it, out of the node. Raises when strict.

        ``doing`` says in what it failed, ``code`` is the function of the plugin that did.
        """
        if name in self.errors:
            return
        self._fail(name, f"{doing}: {describe(error)}", error, code)
        self._rebuild()

    def fault(
        self,
        name: str,
        error: BaseException,
        doing: str = "",
        code: object = None,
        about: str = "",
    ) -> None:
        """Record that something of a plugin failed while the plugin stays."""
        self.faults.note(name, doing, error, self._place(name, error, code), about)

    def warn(self, name: str, sentence: str) -> None:
        """Tell, once, that something of a plugin does not do what it seems to."""
        known = self._warnings.setdefault(name, {})
        if sentence not in known:
            known[sentence] = None
            self.faults.warned(name, sentence)

    def status(self) -> list[PluginStatus]:
        """What became of every enabled plugin, by name."""
        return [self._status(candidate) for _, candidate in sorted(self._candidates.items())]

    def _status(self, candidate: Candidate) -> PluginStatus:
        name = candidate.name
        fault = self.faults.latest(name)
        instance = self._instances.get(name)
        error = self.errors.get(name) or (fault.sentence if fault else None)
        place = self._places.get(name, "") if name in self.errors else fault.place if fault else ""
        return PluginStatus(
            name=name,
            version=candidate.version,
            distribution=candidate.distribution,
            status="failed" if name in self.errors else "faulty" if error else "active",
            error=error,
            place=place,
            warnings=tuple(self._warnings.get(name, ())),
            hooks=tuple(sorted(instance.hooks)) if instance is not None else (),
            brings=self.brings.get(name, {}),
            needed_by=tuple(sorted(self.needed_by.get(name, ()))),
        )

    def _load(self, name: str, candidate: Candidate) -> None:
        if not PLUGIN_NAME.fullmatch(name) or name == hook_versions.HOST:
            words = "use letters, digits, - and _ (at most 64), and not goop"
            self._fail(name, f"cannot have that name; {words}")
            return
        if candidate.rivals:
            every = f"{candidate.distribution} ({candidate.source}), {', '.join(candidate.rivals)}"
            self._fail(name, f"is brought by more than one package; remove all but one: {every}")
            return
        if self.loading.suspect is not None and self.loading.suspect[0] == name:
            self._fail(
                name,
                f"the process ended the last time in {self.loading.suspect[1]} of this plugin "
                "(by os._exit, by a crash in compiled code, or because it took too long?); "
                "it is left out this once, start again to try it again",
            )
            return
        with self.loading.step(name, "loading"):
            found = contained(lambda: plugin_instance.load(candidate))
        if isinstance(found, Failed):
            self._fail(name, f"cannot be loaded: {describe(found.error)}", found.error)
        else:
            self._instances[name] = found

    def _fail(
        self, name: str, reason: str, error: BaseException | None = None, code: object = None
    ) -> None:
        self.errors[name] = reason
        self._places[name] = place = self._place(name, error, code)
        if self.strict:
            raise PluginError(name, reason + at(place)) from error
        self.faults.left_out(name, reason, error, place)

    def _place(self, name: str, error: BaseException | None, code: object) -> str:
        """The line of the plugin that is to blame, as far as anything leads to one."""
        package, instance = self._package(name), self._instances.get(name)
        found = place_of(error, package) if error is not None and package else ""
        found = found or (place_of_code(code) if code is not None else "")
        if found or instance is not None:
            return found or (instance.place if instance is not None else "")
        if name not in self._candidates:
            return ""
        file = file_of(self._candidates[name].module)
        return self.loading.place_in(name, file) or file or self._candidates[name].source

    def _package(self, name: str) -> str:
        instance = self._instances.get(name)
        module = self._candidates[name].module if name in self._candidates else ""
        return instance.package if instance else module.partition(".")[0]

    def _rebuild(self) -> None:
        """Build managers until one holds no plugin that fails."""
        while True:
            before = len(self.errors)
            self.manager = Manager()
            # The versions twice: who does not fit the node's hooks declares none, either.
            phases = (self._fit, self._declare, self._fit, self._register, self._explain)
            for phase in phases:
                for name in self.active:
                    phase(name)
            if len(self.errors) == before:
                return

    def _fit(self, name: str) -> None:
        """Refuse a plugin that is written for other versions of the hooks; take old names."""
        instance, manager = self._instances[name], self.manager
        reason = hook_versions.incompatible(
            instance, manager.versions, manager.owners, self.distributions()
        )
        if reason:
            self._fail(name, reason)
            return
        self._instances[name], warnings = hook_versions.modernised(instance, manager.renamed)
        for sentence in (*warnings, *hook_versions.unknown_owners(instance, self._available)):
            self.warn(name, sentence)

    def _declare(self, name: str) -> None:
        implementation = self._instances[name].hooks.get("goop_add_hookspecs")
        if implementation is None:
            return
        with self.loading.step(name, "goop_add_hookspecs()"):
            found = contained(lambda: self.manager.declare(name, implementation))
        if isinstance(found, Failed):
            reason = f"goop_add_hookspecs(): {describe(found.error)}"
            self._fail(name, reason, found.error, implementation)

    def _register(self, name: str) -> None:
        instance = self._instances[name]
        implementations = Implementations(instance.attributes, instance.marks)
        found = contained(lambda: self.manager.register(implementations, name))
        if isinstance(found, Failed):
            text = describe(found.error)
            guilty = (code for hook, code in instance.hooks.items() if f"'{hook}'" in text)
            reason = f"does not fit the hooks: {text}"
            self._fail(name, reason, found.error, next(guilty, None))

    def _explain(self, name: str) -> None:
        """Refuse hooks that nobody declares, wrappers, and signatures that drifted."""
        instance = self._instances[name]
        unmarked = plugin_hints.unmarked(self.manager.owners.keys(), instance.others)
        for sentence in unmarked or plugin_hints.idle(instance):
            self.warn(name, sentence)
        for hook, function in sorted(instance.hooks.items()):
            caller = getattr(self.manager.hook, hook)
            mine = next(one for one in caller.get_hookimpls() if one.plugin_name == name)
            owner = self.manager.owners.get(hook)
            if owner is None:
                if not mine.optionalhook:
                    self._fail(name, self._missing(name, hook), code=function)
                    return
                continue
            if owner and owner != name:
                self.needed_by.setdefault(owner, set()).add(name)
            if mine.hookwrapper or mine.wrapper:
                reason = f"{hook}() is a hook wrapper, which is not supported; write @hookimpl"
                self._fail(name, reason, code=function)
                return
            wrong = drift(caller.spec.function, mine.function)
            if wrong:
                self._fail(name, f"{hook}() {wrong}", code=function)
                return
            for sentence in plugin_hints.ordered(hook, mine):
                self.warn(name, sentence)

    def _missing(self, name: str, hook: str) -> str:
        sentence, owner = plugin_hints.unknown_hook(
            name,
            hook,
            available=self._available,
            enabled=self._candidates.keys(),
            failed=self.errors.keys(),
            declared=self.manager.owners,
        )
        if owner:
            self.needed_by.setdefault(owner, set()).add(name)
        return sentence


def _choose(config: NodeConfig, candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """The candidates that the configuration names; every other name is a mistake."""
    by_name = {candidate.name: candidate for candidate in candidates}
    mistakes, chosen = [], {}
    for name in sorted(config.plugins):
        if name in by_name:
            chosen[name] = by_name[name]
            continue
        have = ", ".join(sorted(by_name)) or "none"
        close = difflib.get_close_matches(name, by_name, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        where = escaped(f"{config.source_name}: [plugins.{name}]")
        mistakes.append(f"{where}: found no such plugin, expected one of: {have}{hint}")
    if mistakes:
        raise ConfigError(mistakes)
    return chosen
