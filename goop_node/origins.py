# SPDX-License-Identifier: MIT
"""Which host name belongs to what: the node's own pages, or a template's (pure)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether pages served on ``host`` can be reached from this machine alone."""
    return host in LOOPBACK or host == "::1"


@dataclass(frozen=True, kw_only=True)
class Origins:
    """The host names that this node answers to.

    ``hosts`` are the explicit ones of a bind that is not loopback; ``isolated`` says whether
    each template has an origin of its own; ``dev`` are origins of an author's own server.
    """

    port: int
    templates: Collection[str]
    isolated: bool = True
    hosts: Collection[str] = ()
    dev: Collection[str] = ()

    def template_of(self, host: str) -> str | None:
        """``""`` for the node's own host, a template's name for its host, ``None`` otherwise."""
        name, port = _split(host.lower())
        if port not in (str(self.port), "" if self.port == 80 else str(self.port)):
            return None
        if name in LOOPBACK or name in self.hosts:
            return ""
        label, _, rest = name.partition(".")
        if self.isolated and rest == "localhost" and label in self.templates:
            return label
        return None

    def allows(self, origin: str, host: str) -> bool:
        """Whether ``origin`` is the page's own (that of ``host``), or an author's server."""
        return self.is_own(origin, host) or origin in self.dev

    def is_own(self, origin: str, host: str) -> bool:
        """Whether ``origin`` is that of the pages at ``host``."""
        return origin.lower() == f"http://{host.lower()}"

    def url_of(self, template: str) -> str:
        """The address of a template's pages."""
        if not self.isolated:
            return f"/{template}/"
        return f"http://{template}.localhost:{self.port}/"


def _split(host: str) -> tuple[str, str]:
    if host.startswith("["):
        name, _, port = host.partition("]")
        return f"{name}]", port.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port
