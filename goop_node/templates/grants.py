# SPDX-License-Identifier: MIT
"""What the person has granted to which template: in goop.toml, or at home.

What was granted at home is kept in ``DATA/grants.json``, bound to the template's name and to
where the template comes from: its folder, or the distribution that brings it. Where that is
another one now, or where the template no longer asks for it, the grant is void for good.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from goop_node.config.values import Mistake
from goop_node.data.kept_files import NotKeptError, read_kept, write_kept
from goop_node.plugins.callbacks import called
from goop_node.templates.permissions import MAX_PERMISSIONS, Permission, about, parse_all
from goop_node.types import Template

FILE = "grants.json"
MAX_KEPT = 512
"""Templates whose grants are kept, those that are not here just now included."""

log = logging.getLogger(__name__)

By = Literal["file", "home", ""]
"""Where something was granted: in goop.toml, at home, or nowhere."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A template and who brings it; ``plugin`` is ``""`` for a folder of goop.toml."""

    template: Template
    plugin: str = ""
    distribution: str = ""

    @property
    def source(self) -> str:
        """Where it comes from: what a grant is bound to, beside the template's name."""
        if not self.plugin:
            return f"folder {self.template.folder.resolve()}"
        return f"distribution {self.distribution}" if self.distribution else f"plugin {self.plugin}"

    @property
    def asks(self) -> frozenset[Permission]:
        """What its pages ask for."""
        return parse_all(self.template.permissions)


@dataclass(frozen=True)
class Kept:
    """What was granted at home to one template, and where it came from then."""

    source: str = ""
    permissions: frozenset[Permission] = frozenset()


class NotAskedError(ValueError):
    """There is no such template here, or it does not ask for that permission."""


class SetInFileError(ValueError):
    """What goop.toml grants can be taken back there alone."""


class Grants:
    """Who may do what, and the file of what was granted at home."""

    def __init__(
        self,
        data: Path,
        brought: Collection[Brought],
        allowed: Mapping[str, frozenset[Permission]],
        home: Callable[[], str] = str,
    ) -> None:
        """``allowed`` is what goop.toml grants, by the template's name; ``home`` its address."""
        self._home = home
        self._path = data / FILE
        self._brought = {one.template.name: one for one in brought}
        self._allowed = allowed
        self._subscribers: list[Callable[[], None]] = []
        for name in allowed.keys() - self._brought.keys():
            near = difflib.get_close_matches(name, self._brought, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            log.warning("goop.toml: [templates.%s]: there is no such template here%s", name, hint)
        found = read_kept(self._path, _parsed) or {}
        self._kept = self._still_valid(found)
        if self._kept != found:
            with contextlib.suppress(OSError):  # then they are found void again at the next start
                self._write(self._kept)

    def asked(self, template: str) -> frozenset[Permission]:
        """What the template asks for, and what goop.toml grants it unasked."""
        brought = self._brought.get(template)
        return (brought.asks if brought else frozenset()) | self._in_file(template)

    def granted(self, template: str) -> frozenset[Permission]:
        """What the template may do; nothing for one that is not here."""
        if template not in self._brought:
            return frozenset()
        return self._in_file(template) | self._at_home(template)

    def own(self, plugin: str) -> frozenset[str]:
        """The templates that the plugin brings: to them its contexts need not be granted."""
        return frozenset(name for name, one in self._brought.items() if one.plugin == plugin)

    def contexts(self, template: str) -> frozenset[str]:
        """The contexts that were given to the template."""
        return about(self.granted(template), "context:NAME")

    def by(self, template: str, permission: Permission) -> By:
        """Where that was granted."""
        if permission in self._in_file(template):
            return "file"
        return "home" if permission in self._at_home(template) else ""

    def source(self, template: str) -> str:
        """Where the template comes from, for people: what grants are bound to."""
        return self._brought[template].source

    def features(self, template: str) -> frozenset[str]:
        """The powers of the browser that the template's pages may use."""
        return frozenset(str(one) for one in self.granted(template) if not one.name)

    def link(self, template: str) -> str:
        """The address at home where the template is given more."""
        return f"{self._home()}#template-{template}"

    def grant(self, template: str, permission: Permission) -> None:
        """Grant, and remember it. Raises ``NotAskedError``; ``NotKeptError``: it is not granted."""
        brought = self._brought.get(template)
        if brought is None or permission not in brought.asks:
            raise NotAskedError(f"no template {template!r} here asks for {permission}")
        kept = self._with(template, self._at_home(template) | {permission})
        self._write(kept)
        self._take(kept)

    def revoke(self, template: str, permission: Permission) -> None:
        """Take a grant back: at once, also where that cannot be kept.

        Raises ``SetInFileError``; ``NotKeptError``, which ``holds``.
        """
        if permission in self._in_file(template):
            raise SetInFileError(
                f"goop.toml grants {permission}: take it out of [templates.{template}]"
            )
        kept = self._with(template, self._at_home(template) - {permission})
        self._take(kept)
        try:
            self._write(kept)
        except NotKeptError as error:
            error.holds = True
            raise

    def set_brought(self, brought: Collection[Brought]) -> None:
        """Other templates are here now: what was granted to others of their names is void."""
        self._brought = {one.template.name: one for one in brought}
        kept = self._still_valid(self._kept)
        if kept != self._kept:
            with contextlib.suppress(OSError):  # then they are found void again at the next start
                self._write(kept)
        self._take(kept)

    def forget(self, template: str) -> None:
        """Take back all that was granted at home. Raises ``NotKeptError``, which ``holds``."""
        kept = {name: one for name, one in self._kept.items() if name != template}
        self._take(kept)
        try:
            self._write(kept)
        except NotKeptError as error:
            error.holds = True
            raise

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change; returns what ends the subscription."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def _in_file(self, template: str) -> frozenset[Permission]:
        return self._allowed.get(template, frozenset())

    def _at_home(self, template: str) -> frozenset[Permission]:
        return self._kept.get(template, Kept()).permissions

    def _with(self, template: str, permissions: frozenset[Permission]) -> dict[str, Kept]:
        kept = {name: one for name, one in self._kept.items() if name != template}
        if permissions:
            kept[template] = Kept(self._brought[template].source, permissions)
        return dict(list(kept.items())[-MAX_KEPT:])

    def _take(self, kept: dict[str, Kept]) -> None:
        self._kept = kept
        for callback in list(self._subscribers):
            called(callback, "a subscriber of the grants")

    def _still_valid(self, kept: Mapping[str, Kept]) -> dict[str, Kept]:
        """Without what was granted to others of the same name, or is asked for no more."""
        valid: dict[str, Kept] = {}
        for name, one in kept.items():
            brought = self._brought.get(name)
            left = one.permissions
            if brought is not None:
                left = left & brought.asks if one.source == brought.source else frozenset()
            if left != one.permissions:
                log.warning(
                    "template %s is another one now, or asks for less: no longer granted: %s",
                    name,
                    ", ".join(sorted(map(str, one.permissions - left))),
                )
            if left:
                valid[name] = Kept(one.source, left)
        return valid

    def _write(self, kept: Mapping[str, Kept]) -> None:
        _write(self._path, kept)


def granted_at_home(data: Path, brought: Brought) -> frozenset[Permission]:
    """What a template was granted at home, as it is written in the data folder of a node."""
    kept = (read_kept(data / FILE, _parsed) or {}).get(brought.template.name, Kept())
    return kept.permissions if kept.source == brought.source else frozenset()


def forget_grants(data: Path, template: str) -> None:
    """Take back what was granted at home, where no node runs. Raises ``NotKeptError``."""
    found = read_kept(data / FILE, _parsed) or {}
    if found.pop(template, None) is not None:
        _write(data / FILE, found)


def _write(path: Path, kept: Mapping[str, Kept]) -> None:
    rows = {
        name: {"source": one.source, "permissions": sorted(map(str, one.permissions))}
        for name, one in kept.items()
    }
    write_kept(path, rows)


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    source: Annotated[str, msgspec.Meta(max_length=5000)]
    permissions: Annotated[list[Any], msgspec.Meta(max_length=MAX_PERMISSIONS)]


def _parsed(content: bytes) -> dict[str, Kept]:
    """What the file holds. One that is not right is set aside, and everything is asked again."""
    rows = msgspec.json.decode(content, type=dict[str, _Row])
    try:
        return {name: Kept(row.source, parse_all(row.permissions)) for name, row in rows.items()}
    except Mistake as error:
        raise ValueError(str(error)) from None
