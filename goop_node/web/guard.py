# SPDX-License-Identifier: MIT
"""The guard of the local HTTP server: Host, Origin and credential, over HTTP and WebSocket.

Any web page in the person's browser can reach loopback, and other local servers count as the
same site: so the Host must be ours (DNS rebinding), the Origin exactly the page's own, and
whoever calls needs a credential. The decision is a pure function, ``judge``. What a caller may
do is decided behind the framework's routing, in ``access.py``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from goop_node.access import CALLER
from goop_node.clock import now_ms
from goop_node.problems import LEFT_EARLY, Problem, not_found
from goop_node.types import Caller
from goop_node.web.denial import deny, in_words
from goop_node.web.negotiation import prefers_page
from goop_node.web.origins import Origins, is_loopback
from goop_node.web.paths import normal_path
from goop_node.web.security_headers import security_headers, with_headers
from goop_node.web.tokens import Tokens
from goop_node.web.wrong_tokens import WrongTokens

MAX_BODY = 256 * 1024
"""Bytes of a request's body."""
MAX_WAITING = 64
"""Wrong tokens whose answers wait at once; beyond, they are refused without waiting."""
BAD_TOKEN = "bad_token"
NO_COOKIE = (
    "Your browser shows no cookie of this node, so the node cannot tell that it is you. Load the "
    "page again; if that does not help, cookies are blocked for this address: allow them (at the "
    "symbol in front of the address). Programs show the token of ready.json as Bearer."
)
NO_KEY = (
    "This browser was not let in yet, or shows no cookie of this node. Open the address with ?key= "
    "that the node's terminal shows; on the node's own machine localhost needs none. If that does "
    "not help, cookies are blocked for this address: allow them. Programs show the token of "
    "ready.json as Bearer."
)
_LENGTH = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a request says about itself."""

    host: str
    origin: str | None
    fetch_site: str | None
    safe: bool
    """GET or HEAD over HTTP; a WebSocket is not."""
    cookies: Collection[str]
    """The templates that valid cookies name."""
    bearer: bool | None
    """Whether the Bearer token is right; ``None`` when none was shown."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whose host it is (a template's, or ``""``), and who calls, or why nobody does."""

    template: str
    caller: Caller | Problem


def judge(facts: Facts, origins: Origins) -> Verdict | Problem:
    """Decide over a request by design: Host first, then Origin, then the credential."""
    template = origins.template_of(facts.host)
    if template is None:
        return origins.unknown(facts.host)
    if facts.origin is not None and not origins.allows(facts.origin, facts.host):
        return Problem(403, "bad_origin", "requests of other pages are refused")
    return Verdict(template=template, caller=_caller(facts, template, origins))


def _caller(facts: Facts, template: str, origins: Origins) -> Caller | Problem:
    if facts.bearer is not None:
        if facts.bearer:
            return Caller(kind="program")
        return Problem(401, BAD_TOKEN, "that is not this node's token; see ready.json")
    if not origins.has_pages(facts.host):
        return Problem(
            401,
            "no_credential",
            f"here programs show the token of ready.json as Bearer; pages are at {origins.home}",
        )
    if template not in facts.cookies:
        return Problem(401, "no_credential", NO_KEY if origins.hosts else NO_COOKIE)
    if facts.origin is None and not (
        facts.safe and facts.fetch_site in (None, "same-origin", "none")
    ):
        return Problem(403, "cross_site", "a page's request names its Origin")
    if template:
        return Caller(kind="template", name=template)
    own = facts.origin is None or origins.is_own(facts.origin, facts.host)
    # Where templates share the origin, or on an author's server, nobody can tell whose page it is.
    return Caller(kind="home") if origins.isolated and own else Caller(kind="template")


class Guard:
    """The ASGI middleware around the whole application."""

    def __init__(
        self,
        app: Any,
        *,
        tokens: Tokens,
        origins: Origins,
        features: Callable[[str], Collection[str]],
        loopback: bool,
    ) -> None:
        """``features`` are what the pages of a template may use of the browser."""
        self._app = app
        self._tokens = tokens
        self._origins = origins
        self._features = features
        self._loopback = loopback
        self._wrong = WrongTokens()
        self._waiting = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let through, or answer in the application's place."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        verdict = judge(self._facts(scope, headers), self._origins)
        template = "" if isinstance(verdict, Problem) else verdict.template
        send = with_headers(send, security_headers(self._features(template)))
        if not isinstance(verdict, Problem):
            verdict = _malformed(scope, headers) or verdict
        if isinstance(verdict, Problem):
            await deny(scope, receive, send, verdict)
            return
        if isinstance(verdict.caller, Problem) and verdict.caller.code == BAD_TOKEN:
            verdict = Verdict(template=template, caller=await self._slowly(scope, verdict.caller))
        scope[CALLER] = verdict.caller
        scope["goop_template"] = template
        if scope["type"] == "websocket":
            await self._app(scope, receive, in_words(scope, receive, send))
            return
        cookie = await self._issue(scope, headers, template)
        if isinstance(cookie, Problem):
            await deny(scope, receive, send, cookie)
            return
        await self._app(scope, _bounded(scope, receive), with_headers(send, cookie))

    async def _slowly(self, scope: Any, problem: Problem) -> Problem:
        """What to answer to a wrong token, once it is time."""
        address = (scope.get("client") or ("",))[0]
        seconds = self._wrong.wait(address, now_ms() / 1000)
        if seconds and self._waiting >= MAX_WAITING:
            return Problem(429, "too_many_wrong_tokens", "too many wrong tokens are coming")
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
        return problem

    def _facts(self, scope: Any, headers: Mapping[str, str]) -> Facts:
        bearer: bool | None = None
        authorization = headers.get("authorization")
        if authorization is not None:
            kind, _, token = authorization.partition(" ")
            bearer = kind.lower() == "bearer" and self._tokens.is_bearer(token.strip())
        return Facts(
            host=headers.get("host", ""),
            origin=headers.get("origin"),
            fetch_site=headers.get("sec-fetch-site"),
            safe=scope["type"] == "http" and scope["method"] in ("GET", "HEAD"),
            cookies=self._tokens.templates_of(headers.get("cookie", "")),
            bearer=bearer,
        )

    async def _issue(
        self, scope: Any, headers: Mapping[str, str], template: str
    ) -> list[tuple[bytes, bytes]] | Problem:
        """The cookie for a page that a person navigates to, or why their key is none."""
        navigates = headers.get("sec-fetch-mode", "navigate") == "navigate"
        if scope["method"] != "GET" or not navigates or scope["path"].startswith("/api/"):
            return []
        if not self._origins.has_pages(headers.get("host", "")):
            return []
        if not prefers_page(headers.get("accept", "")):
            return []
        if not self._loopback and not _is_here(scope, headers):
            keys = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("key", [""])
            if not self._tokens.is_one_time_key(keys[0]):
                if keys[0] and isinstance(scope[CALLER], Problem):
                    return await self._slowly(scope, Problem(401, "key_used", self._key_used()))
                return []
        name, value = self._tokens.cookie_for(template)
        cookie = f"{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
        return [(b"set-cookie", cookie.encode())]

    def _key_used(self) -> str:
        return (
            "This key has let a browser in already, or is none: each works once. The node's "
            "terminal shows the address with the next one. On the node's own machine "
            f"http://localhost:{self._origins.port}/ needs none."
        )


_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def _is_here(scope: Any, headers: Mapping[str, str]) -> bool:
    """Whether a browser of this machine asks, by a name of loopback, with no proxy between."""
    client = (scope.get("client") or ("",))[0]
    host = headers.get("host", "").lower()
    return (
        is_loopback(client)
        and is_loopback(host.rpartition(":")[0] or host)
        and not any(name in headers for name in _PASSED_ON)
    )


def _malformed(scope: Any, headers: Mapping[str, str]) -> Problem | None:
    """Why a request is none that could be meant for us. The framework gets the normal path."""
    path = normal_path(scope.get("raw_path") or b"")
    if path is None:
        return not_found()
    scope["path"], scope["root_path"] = path, ""
    if scope["type"] == "websocket":
        return None
    if "service-worker" in headers:
        # It would go on as this template's page when another folder has the name.
        return Problem(403, "no_service_worker", "pages here do without service workers")
    if not scope["method"].isupper():
        return Problem(405, "method_not_allowed", "there is no such method")
    length = headers.get("content-length", "0")
    if _LENGTH.fullmatch(length) is None or int(length) > MAX_BODY:
        return Problem(413, "too_large", f"a request has at most {MAX_BODY} bytes")
    return None


def _bounded(scope: Any, receive: Any) -> Any:
    """Cut a body without a length off at the bound; note when the client leaves within one."""
    got, complete = 0, False

    async def bounded() -> Any:
        nonlocal got, complete
        message = await receive()
        if message["type"] != "http.request":
            scope[LEFT_EARLY] = not complete
        else:
            complete = not message.get("more_body", False)
            got += len(message.get("body", b""))
            if got > MAX_BODY:
                raise Problem(413, "too_large", f"a request has at most {MAX_BODY} bytes")
        return message

    return bounded


def _headers(scope: Any) -> dict[str, str]:
    """The headers; one that security rests on must not come twice, so the pair is spoilt."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in found and name in ("host", "origin", "authorization"):
            value = f"{found[name]}, {value}"
        elif name in found and name == "cookie":
            value = f"{found[name]}; {value}"
        found[name] = value
    return found
