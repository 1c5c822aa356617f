# SPDX-License-Identifier: MIT
"""HTTP to a node of the kit, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.testing.kit.host import Host, Plugins, Wait

if TYPE_CHECKING:
    import httpx


class Door:
    """Where requests come in at a host."""

    def __init__(self, host: Host, wait: Wait) -> None:
        import httpx  # the kit alone needs it, and of the kit this alone

        from goop_node.web.app import create_app

        self._wait = wait
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=create_app(host)),
            base_url=f"http://127.0.0.1:{host.http_port}",
            headers={"Authorization": f"Bearer {host.tokens.bearer}"},
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A program of this machine asks the node; ``options`` are those of ``httpx``."""
        found: httpx.Response = self._wait(self._client.request(method, path, **options))
        return found


class Visitor:
    """A node with a plugin, and a program that visits it."""

    def __init__(
        self,
        what: object,
        *,
        settings: Mapping[str, JsonValue] | None = None,
        folder: Path,
        name: str = "alice",
    ) -> None:
        """``what`` and ``settings`` are those of ``pair``, ``folder`` the node's data folder.

        Raises ``PluginError`` of a broken plugin, and what its lifespan raised.
        """
        self._loop = asyncio.new_event_loop()
        try:
            self.host = Host(folder, name, [name], Plugins(what, settings))
            self._loop.run_until_complete(self.host.enter())
            self._door = Door(self.host, self._loop.run_until_complete)
        except BaseException:
            self._loop.close()
            raise

    @property
    def failures(self) -> list[str]:
        """What a plugin failed in, in words."""
        return self.host.faults

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A program of this machine asks the node; ``options`` are those of ``httpx``."""
        return self._door.request(method, path, **options)

    def close(self) -> None:
        """Stop it."""
        self._loop.run_until_complete(self.host.leave())
        self._loop.close()
