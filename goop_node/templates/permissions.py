# SPDX-License-Identifier: MIT
"""What a template may be allowed: one fixed list, and the parser of its items (pure).

Nothing here says who is allowed what; that is the person's decision, see
:mod:`goop_node.templates.grants`. What stands in ``FORMS`` stands in SECURITY.md as well.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from goop_node.config.values import Mistake

MAX_PERMISSIONS = 64
"""How many permissions one template may ask for."""

_NAME = "NAME"
_ABOUT = re.compile(r"[a-z][a-z0-9_]{0,63}")

FORMS: Mapping[str, str] = {
    "camera": "use your camera, once your browser has asked you as well",
    "context:NAME": "see and answer requests for “{name}”, open channels of that kind, "
    "and read and write on those it opened or took",
    "microphone": "use your microphone, once your browser has asked you as well",
    "wasm": "run WebAssembly, which is as fast as programs outside of the browser",
}
"""Every form of permission, with what it allows, for people. ``NAME`` stands for a word of
``[a-z][a-z0-9_]{0,63}``: the name of a context as a plugin registers it."""


@dataclass(frozen=True, order=True)
class Permission:
    """One permission: its ``form`` of ``FORMS``, and the ``name`` that stands in it."""

    form: str
    name: str = ""

    def __str__(self) -> str:
        return self.form.replace(_NAME, self.name)

    @property
    def allows(self) -> str:
        """What it allows, for people; completes "it may"."""
        return FORMS[self.form].format(name=self.name)


class TemplateGrants(Protocol):
    """What the person has granted to templates, in goop.toml or at home."""

    def own(self, plugin: str) -> frozenset[str]:
        """The templates that the plugin brings: to them its contexts need not be granted."""

    def contexts(self, template: str) -> frozenset[str]:
        """The names of the contexts that were given to the template, as it is now."""

    def link(self, template: str) -> str:
        """The address at home where it is given more."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change; returns what ends the subscription."""


def parse(value: object) -> Permission:
    """The permission that ``value`` names. Raises ``Mistake`` with the nearest one."""
    text = value if isinstance(value, str) else ""
    if _NAME not in text and text in FORMS:
        return Permission(text)
    kind, colon, name = text.partition(":")
    form = f"{kind}:{_NAME}"
    if colon and form in FORMS and _ABOUT.fullmatch(name):
        return Permission(form, name)
    raise Mistake(value, _expected(text))


def parse_all(value: object) -> frozenset[Permission]:
    """The permissions of a list or set of names. Raises ``Mistake``."""
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise Mistake(value, f"a list with any of {', '.join(FORMS)}")
    if len(value) > MAX_PERMISSIONS:
        raise Mistake(
            value, f"at most {MAX_PERMISSIONS} permissions", found=f"{len(value)} of them"
        )
    return frozenset(map(parse, value))


def about(permissions: Collection[Permission], form: str) -> frozenset[str]:
    """The names in those of ``permissions`` that have this form."""
    return frozenset(one.name for one in permissions if one.form == form)


def _expected(text: str) -> str:
    expected = f"one of {', '.join(FORMS)}"
    kind, _, name = text.partition(":")
    near = difflib.get_close_matches(
        kind.lower(), [form.partition(":")[0] for form in FORMS], n=1, cutoff=0.6
    )
    if not near:
        return expected
    takes_name = f"{near[0]}:{_NAME}" in FORMS
    fits = _ABOUT.fullmatch(name.lower()) is not None
    guess = f"{near[0]}:{name.lower() if fits else _NAME}" if takes_name else near[0]
    return f'{expected}; did you mean "{guess}"?'
