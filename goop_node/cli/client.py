# SPDX-License-Identifier: MIT
"""The node that runs on a data folder, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from goop_node.config.model import StartError
from goop_node.data.ready import read_ready
from goop_node.escaping import escaped
from goop_node.types import JsonValue

PATIENCE = 60.0
"""Seconds that an answer may take."""


class LocalNode:
    """See ``NodeClient``."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def get(self, path: str, **query: str) -> bytes:
        """The body of ``GET path?query``. Raises ``StartError``."""
        return self._ask(f"{path}?{urllib.parse.urlencode(query)}", None)

    def post(self, path: str, body: JsonValue) -> bytes:
        """The answer to ``POST path``. Raises ``StartError``."""
        return self._ask(path, json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None) -> bytes:
        match read_ready(self.data):
            case {"url": str(url), "token": str(token)}:
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                address = url.rstrip("/") + path
                request = urllib.request.Request(address, data=body, headers=headers)
            case _:
                raise StartError(
                    [f"no node runs on {self.data}; start it with goop run"], code="no_node"
                )
        try:
            # No proxy is asked for what is on this machine.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise StartError([_words(error.read(), error.code)], code="refused") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = escaped(str(getattr(error, "reason", error)))
            line = f"the node on {self.data} does not answer ({reason}); is it still running?"
            raise StartError([line], code="no_node") from error

    def verify(self, peer_id: str, data: bytes, signature: bytes) -> bool:
        """Whether that peer's node has signed ``data``."""
        from goop_node.p2p.signatures import verify  # libp2p takes a while to be imported

        return verify(peer_id, data, signature)


def _words(body: bytes, status: int) -> str:
    try:
        problem = json.loads(body)
        return escaped(f"{problem['code']}: {problem['detail']}")
    except (ValueError, KeyError, TypeError):
        return f"the node answered with status {status}"
