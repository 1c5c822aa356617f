# SPDX-License-Identifier: MIT
"""Credentials of pages and programs, kept in ``DATA/tokens.json`` (0600) across restarts.

A page has an HttpOnly cookie bound to its template; a program shows the Bearer token. Cookies
ignore ports, so their name tells nodes apart.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from goop_node.data.kept_files import read_kept, warn_if_shared, write_kept

FILE = "tokens.json"
MIN_SECRET = 32
"""Characters of a secret that is not guessed; new ones have 43."""
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{MIN_SECRET},200}}")


class Tokens:
    """The secrets of one node."""

    def __init__(self, bearer: str, secret: str) -> None:
        """Raises ``ValueError`` for what is no secret."""
        if not all(map(_SECRET.fullmatch, (bearer, secret))):
            raise ValueError(f"a secret has at least {MIN_SECRET} characters of [A-Za-z0-9_-]")
        self.bearer = bearer
        self._secret = secret.encode()
        self.node_tag = hashlib.sha256(self._secret).hexdigest()[:8]
        self._ours = re.compile(
            rf"(?:^|;)[ \t]*goop_{self.node_tag}=([a-z0-9-]{{0,63}}\.[0-9a-f]{{64}})[ \t]*(?=;|$)"
        )
        self.one_time_key = secrets.token_urlsafe(16)
        """On a bind that is not loopback: exchanged for a cookie once; then there is another."""
        self.key_used: Callable[[], None] = lambda: None
        """Told when there is another, for whoever shows it to the person."""

    @classmethod
    def load_or_create(cls, data: Path) -> Tokens:
        """The tokens in ``data``; new ones where there are none. Raises ``OSError``."""
        path = data / FILE
        found = read_kept(path, _parsed)
        if found is None:
            found = cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
            write_kept(path, {"bearer": found.bearer, "secret": found._secret.decode()})
        warn_if_shared(path)
        return found

    def cookie_for(self, template: str) -> tuple[str, str]:
        """The cookie's name and value for a template's pages (``""``: the node's own)."""
        seal = hmac.new(self._secret, f"page:{template}".encode(), hashlib.sha256).hexdigest()
        return f"goop_{self.node_tag}", f"{template}.{seal}"

    def templates_of(self, cookies: str) -> frozenset[str]:
        """The templates that cookies in the header ``cookies`` were made for.

        All that programs of one host name have ever set comes in that header, in any form: so
        ours are looked for, and nothing is asked of the others. There may be several, since
        another program can put one that it was given in front of ours.
        """
        values: list[str] = self._ours.findall(cookies)
        return frozenset(
            template for value in set(values) if (template := self._sealed(value)) is not None
        )

    def _sealed(self, value: str) -> str | None:
        """The template that a cookie of this value was made for, if we made it."""
        template = value.rpartition(".")[0]
        expected = self.cookie_for(template)[1]
        return template if hmac.compare_digest(value.encode(), expected.encode()) else None

    def is_bearer(self, token: str) -> bool:
        """Whether ``token`` is the Bearer token."""
        return hmac.compare_digest(token.encode(), self.bearer.encode())

    def is_one_time_key(self, key: str) -> bool:
        """Whether ``key`` is the one-time key; it is spent by that."""
        if not hmac.compare_digest(key.encode(), self.one_time_key.encode()):
            return False
        self.one_time_key = secrets.token_urlsafe(16)
        self.key_used()
        return True


class _File(msgspec.Struct):
    bearer: str
    secret: str


def _parsed(content: bytes) -> Tokens:
    kept = msgspec.json.decode(content, type=_File)
    return Tokens(kept.bearer, kept.secret)
