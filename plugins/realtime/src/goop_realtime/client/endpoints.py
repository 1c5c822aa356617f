# SPDX-License-Identifier: MIT
"""The node's endpoints: where it is, and asking it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from goop_node.data.ready import read_ready
from goop_realtime.client.errors import GoopError

PATIENCE = 60.0
"""Seconds that an answer may take."""
API = "/api/realtime"


@dataclass(frozen=True)
class Address:
    """Where a node is, such as ``http://127.0.0.1:8787``, and the token of programs.

    Raises ``ValueError`` for what can be neither.
    """

    url: str
    token: str

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.url)
            fits = url.scheme in ("http", "https") and url.hostname and url.port != 0
            httpx.URL(self.url)
        except (ValueError, httpx.InvalidURL):
            fits = False
        if not fits:
            raise ValueError(f"url: found {self.url!r}, expected one like http://127.0.0.1:8787")
        if not (self.token.isascii() and self.token.isprintable()):
            raise ValueError("token: found characters that no token has")

    @property
    def headers(self) -> dict[str, str]:
        """What a program shows to be let in."""
        return {"Authorization": f"Bearer {self.token}"}


Find = Callable[[], Address]
"""Says where the node is now. Raises ``GoopError``."""


def found_in(data: Path) -> Address:
    """Where the node on that data folder is. Raises ``GoopError`` (``node_unreachable``)."""
    match read_ready(data):
        case {"url": str(url), "token": str(token)}:
            try:
                return Address(url.rstrip("/"), token)
            except ValueError as error:
                raise GoopError("node_unreachable", f"{data / 'ready.json'}: {error}") from error
    raise GoopError("node_unreachable", f"no node runs on {data}; start it with goop run")


class _Problem(msgspec.Struct):
    code: str = "http_error"
    title: str = ""
    detail: str = ""
    pointer: str | None = None


def problem_of(status: int, body: bytes) -> GoopError:
    """The error that an answer of the node tells of."""
    try:
        told = msgspec.json.decode(body, type=_Problem)
    except msgspec.DecodeError:
        told = _Problem()
    words = told.detail or told.title or f"the node answered {status}"
    return GoopError(told.code, words, pointer=told.pointer, status=status)


class Endpoints:
    """Asks the node; what fails is a ``GoopError``."""

    def __init__(self, find: Find) -> None:
        self._find = find
        # No proxy is asked for what is on this machine.
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def close(self) -> None:
        """No more is asked."""
        await self._http.aclose()

    async def get(self, path: str, **query: str | int) -> Any:
        """The answer to ``GET``, as decoded JSON of any form."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, **body: Any) -> Any:
        """The answer to ``POST``, with what of the body is not ``None``."""
        told = {name: value for name, value in body.items() if value is not None}
        return await self._ask("POST", path, content=msgspec.json.encode(told))

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        if self._http.is_closed:
            raise GoopError("client_closed")
        url, headers = self._where(path)
        headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.request(method, url, headers=headers, **more)
        except httpx.HTTPError as error:
            code = "client_closed" if self._http.is_closed else "node_unreachable"
            raise GoopError(code) from error
        if not answer.is_success:
            raise problem_of(answer.status_code, answer.content)
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise GoopError("node_unreachable", "the node's answer is no JSON") from error

    async def events(self, path: str) -> AsyncIterator[Any]:
        """The data of server-sent events, until the node ends the stream. Raises ``GoopError``."""
        if self._http.is_closed:
            raise GoopError("client_closed")
        url, headers = self._where(path)
        try:
            async with self._http.stream("GET", url, headers=headers) as answer:
                if not answer.is_success:
                    raise problem_of(answer.status_code, await answer.aread())
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        yield msgspec.json.decode(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise GoopError("node_unreachable") from error

    def _where(self, path: str) -> tuple[str, dict[str, str]]:
        address = self._find()
        return address.url + path, address.headers
