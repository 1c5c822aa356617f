# SPDX-License-Identifier: MIT
"""Call hooks: the only user of ``manager.hook``.

Implementations are called one by one, sorted by plugin, because one that raises inside
pluggy's own call would lose everybody's results.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goop_node.config import StartError
from goop_node.hookspecs import kind_of
from goop_node.plugin_loader import PluginError, Plugins, describe
from goop_node.types import Refusal

log = logging.getLogger("goop_node.plugins")


class Calls:
    """The three ways to call a hook, each with its rule for an implementation that raises."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def collect(self, hook: str, **kwargs: Any) -> list[tuple[str, Any]]:
        """Call a *register* hook: (plugin name, item) pairs, sorted by plugin.

        Iterables are flattened, ``None`` is nothing; mappings and strings are single items.
        A plugin that raises is left out together with what needs it (``PluginError`` when
        strict). Raises ``LookupError`` for a hook that nobody declares.
        """
        results: list[tuple[str, Any]] = []
        for plugin, call in self._implementations(hook, "register", kwargs):
            try:
                results += [(plugin, item) for item in _items(call())]
            except StartError:
                raise  # the node's own trouble, not the plugin's
            except Exception as error:
                self._plugins.leave_out(plugin, error, f"{hook}()")
        active = self._plugins.active
        return [(plugin, item) for plugin, item in results if plugin in active]

    def notify(self, hook: str, **kwargs: Any) -> None:
        """Call an *observe* hook. What raises is logged (``PluginError`` when strict)."""
        for plugin, call in self._implementations(hook, "observe", kwargs):
            try:
                call()
            except Exception as error:
                self._plugins.fault(plugin, error)
                if self._plugins.strict:
                    raise PluginError(plugin, f"{hook}(): {describe(error)}") from error

    def veto(self, hook: str, **kwargs: Any) -> Refusal | None:
        """Call a *veto* hook: the first refusal wins.

        A plugin that raises, or answers something else, refuses with the code
        ``plugin_error`` (``PluginError`` when strict).
        """
        for plugin, call in self._implementations(hook, "veto", kwargs):
            try:
                answer = call()
                if answer is None:
                    continue
                if isinstance(answer, Refusal):
                    return answer
                raise TypeError(f"returned {type(answer).__name__}, expected Refusal or None")
            except Exception as error:
                self._plugins.fault(plugin, error)
                if self._plugins.strict:
                    raise PluginError(plugin, f"{hook}(): {describe(error)}") from error
                return Refusal(code="plugin_error", reason=f"The plugin {plugin} failed here.")
        return None

    def _implementations(
        self, hook: str, kind: str, kwargs: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any]]:
        """The plugins that implement ``hook``, each with a call of no arguments."""
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

            def call(one: Any = one) -> Any:
                return one.function(*(kwargs[name] for name in one.argnames))

            yield one.plugin_name, call


def _items(value: Any) -> list[Any]:
    """The items of a hook's result; a generator runs here, inside the caller's ``try``."""
    if value is None:
        return []
    if isinstance(value, Iterable) and not isinstance(value, (Mapping, str, bytes)):
        return list(value)
    return [value]
