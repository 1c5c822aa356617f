# SPDX-License-Identifier: MIT
"""Which host name belongs to what: the node's own pages, or a template's (pure)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from goop_node.problems import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


HOME = "home"
"""The name in front of ``.localhost`` for the node's own pages; no template may take it."""


def home_url(port: int, *, isolated: bool = True) -> str:
    """Where a browser of this machine finds the node's own pages."""
    return f"http://{HOME}.localhost:{port}/" if isolated else f"http://localhost:{port}/"


def is_loopback(host: str) -> bool:
    """Whether pages served on ``host`` can be reached from this machine alone."""
    return host in LOOPBACK or host == "::1"


@dataclass(frozen=True, kw_only=True)
class Origins:
    """The host names that this node answers to.

    ``hosts`` are the explicit ones of a bind that is not loopback; ``isolated`` says whether
    home and each template have an origin of their own; ``dev`` are origins of an author's server.

    Other programs on this machine share the plain names, their cookies and their storage. So
    where origins are isolated no page of ours lives there: they are for programs with the token.
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
        if not self.isolated or rest != "localhost":
            return None
        if label == HOME:
            return ""
        return label if label in self.templates else None

    def has_pages(self, host: str) -> bool:
        """Whether pages live at ``host``, one of ours; elsewhere no cookie counts."""
        return not self.isolated or _split(host.lower())[0] not in LOOPBACK

    def allows(self, origin: str, host: str) -> bool:
        """Whether ``origin`` is the page's own (that of ``host``), or an author's server."""
        return self.is_own(origin, host) or origin in self.dev

    def is_own(self, origin: str, host: str) -> bool:
        """Whether ``origin`` is that of the pages at ``host``."""
        return origin.lower() == f"http://{host.lower()}"

    def unknown(self, host: str) -> Problem:
        """What is said where a browser asks for a host name that is none of ours."""
        label, _, rest = _split(host.lower())[0].partition(".")
        words = f"this node does not answer to the name {host[:80]!r}"
        if self.isolated and rest == "localhost":
            words = f"this node has no template {label[:80]!r}; its own page lists those it has"
        # A name that another node or program has is no place from which to tell where we are.
        more = {} if self.hosts else {"home": home_url(self.port, isolated=self.isolated)}
        return Problem(421, "bad_host", words, more=more)

    @property
    def home(self) -> str:
        """The address of the node's own pages."""
        return home_url(self.port) if self.isolated else "/"

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
