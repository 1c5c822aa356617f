# SPDX-License-Identifier: MIT
"""Call hooks: the only user of ``manager.hook``.

Implementations are called one by one, sorted by plugin, because one that raises inside
pluggy's own call would lose everybody's results. What they give is held against the type that
the hook's specification declares.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from goop_node.hookspecs import kind_of
from goop_node.plugins.blame import describe
from goop_node.plugins.contained import Failed, asked, contained
from goop_node.plugins.crossings import MAX_ITEMS, Misfit, fit, name_of, shown
from goop_node.plugins.loader import Plugins
from goop_node.plugins.manager import item_of
from goop_node.plugins.status import PluginError
from goop_node.types import NodeApi, Refusal


class Calls:
    """The three ways to call a hook, each with its rule for an implementation that raises."""

    def __init__(self, plugins: Plugins, node_of: Callable[[str], NodeApi] | None = None) -> None:
        """``node_of`` gives the node as the plugin of that name has it.

        Where a hook takes ``node``, each implementation gets its own, whichever was handed on.
        """
        self._plugins = plugins
        self._node_of = node_of

    def collect(self, hook: str, **kwargs: Any) -> list[tuple[str, Any]]:
        """Call a *register* hook: (plugin name, item) pairs, sorted by plugin.

        Iterables are flattened, ``None`` is nothing; each item is a copy that fits the type
        which the specification declares, as the hook's owner admits it. A plugin that raises or
        gives something else is left out together with what needs it (``PluginError`` when
        strict). Raises ``LookupError`` for a hook that nobody declares.
        """
        results: list[tuple[str, Any]] = []
        for plugin, call, code in self._implementations(hook, "register", kwargs):
            found = self._collected(plugin, hook, call)
            if isinstance(found, Failed):
                self._plugins.leave_out(plugin, found.error, f"{hook}()", code)
            else:
                results += [(plugin, item) for item in found]
        active = self._plugins.active
        return [(plugin, item) for plugin, item in results if plugin in active]

    def notify(self, hook: str, **kwargs: Any) -> None:
        """Call an *observe* hook. What raises is logged (``PluginError`` when strict)."""
        for plugin, call, code in self._implementations(hook, "observe", kwargs):
            found = asked(call, Any, f"the answer of {hook}()")
            if isinstance(found, Failed):
                self._fault(plugin, hook, found.error, code)

    def veto(self, hook: str, **kwargs: Any) -> Refusal | None:
        """Call a *veto* hook: the first refusal wins.

        A plugin that raises, or answers something else, refuses with the code
        ``plugin_error`` (``PluginError`` when strict).
        """
        for plugin, call, code in self._implementations(hook, "veto", kwargs):
            answer = asked(call, Refusal | None, "the answer")
            if isinstance(answer, Failed):
                self._fault(plugin, hook, answer.error, code)
                return Refusal(code="plugin_error", reason=f"The plugin {plugin} failed here.")
            if isinstance(answer, Refusal):
                return answer
        return None

    def _collected(self, plugin: str, hook: str, call: Callable[[], Any]) -> Any:
        """The items that one plugin gives, or ``Failed``."""
        manager = self._plugins.manager
        kind, several = item_of(manager.gives.get(hook, Any))
        admit = manager.admits.get(hook)

        def items() -> list[Any]:
            given = _items(call(), kind, several)
            fitted = [fit(item, kind, name_of(kind)) for item in given]
            return fitted if admit is None else [admit(plugin, item) for item in fitted]

        with self._plugins.loading.step(plugin, f"{hook}()"):
            return contained(items)

    def _fault(self, plugin: str, hook: str, error: BaseException, code: object) -> None:
        self._plugins.fault(plugin, error, f"{hook}()", code)
        if self._plugins.strict:
            raise PluginError(plugin, f"{hook}(): {describe(error)}") from error

    def _implementations(
        self, hook: str, kind: str, kwargs: Mapping[str, Any]
    ) -> Iterator[tuple[str, Callable[[], Any], object]]:
        """The plugins that implement ``hook``, each with a call of no arguments, and its code."""
        manager = self._plugins.manager
        if hook not in manager.owners:
            raise LookupError(f"no plugin declares the hook {hook}()")
        declared = kind_of(hook, manager.kinds)
        if declared != kind:
            raise LookupError(f"{hook}() is a hook of kind {declared}, not {kind}")
        found = getattr(manager.hook, hook).get_hookimpls()
        for one in sorted(found, key=lambda one: one.plugin_name):
            if one.plugin_name not in self._plugins.active:
                continue  # left out since this round began

            given = dict(kwargs)
            if "node" in given and self._node_of is not None:
                given["node"] = self._node_of(one.plugin_name)

            def call(one: Any = one, given: Any = given) -> Any:
                return one.function(*(given[name] for name in one.argnames))

            yield one.plugin_name, call, one.function


def _items(value: Any, kind: Any, several: bool) -> list[Any]:
    """The items of a hook's result; a generator runs here, within the caller's containment."""
    if value is None:
        return []
    if inspect.iscoroutine(value):
        value.close()
        raise Misfit("the result", shown(value), name_of(kind))
    if not several and kind is not Any:
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, (Mapping, str, bytes)):
        return [value]
    items = list(islice(iter(value), MAX_ITEMS + 1))
    if len(items) > MAX_ITEMS:
        raise Misfit("the result", f"more than {MAX_ITEMS} items", "fewer")
    return items
