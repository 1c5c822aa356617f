# SPDX-License-Identifier: MIT
"""``goop run``: one node with its pages, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import uvicorn

from goop_node import __version__
from goop_node.cli.ports import bind_beside, bind_http, choose_listen
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.ready import only_node, remove_ready, write_ready
from goop_node.lifetime import END_SECONDS, end_within, run_to_end
from goop_node.log_format import say
from goop_node.node import Node
from goop_node.stop_signals import until_told
from goop_node.templates.library import Library
from goop_node.types import JsonValue
from goop_node.web.http_protocol import HttpProtocol
from goop_node.web.origins import home_url, is_loopback
from goop_node.web.places import places
from goop_node.web.web_sockets import PageProtocol

WS_MAX_BYTES = 96 * 1024
"""The largest WebSocket message: 64 KiB of payload and its envelope."""

CLOSE_SECONDS = 0.4
"""How long requests under way get when the node stops; streams and files end at once."""

HUNG_SECONDS = 1
"""After which one that cannot even be cancelled is left behind."""

log = logging.getLogger("goop_node")


class _Server(uvicorn.Server):
    """uvicorn, telling when it serves, and leaving signals to the node."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again before libp2p has stopped."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, then say so."""
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            # What is there by now stays: the collector need not look through all of it again.
            gc.freeze()
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving; what has not ended by then is given up."""
        enough = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.give_up)
        try:
            await super().shutdown(sockets=sockets)
        finally:
            enough.cancel()

    def give_up(self) -> None:
        """Wait for no connection and no request any more."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


def _nothing(node: Node) -> None: ...


def run(config: NodeConfig, on_ready: Callable[[Node], None] = _nothing) -> int:
    """Run a node until SIGINT or SIGTERM. Returns the exit code.

    ``on_ready`` is called in its loop once it serves pages.

    Raises ``StartError`` for whatever ends it before it is ready.
    """
    with only_node(config.data):
        Library(config.data).recover()
        sock = bind_http(config.http_host, config.http_port, config.data)
        beside = bind_beside(config.http_host, sock.getsockname()[1])
        with contextlib.ExitStack() as socks:
            for one in (sock, *beside):
                socks.enter_context(one)
            listen = choose_listen(config.listen, config.data)
            config = dataclasses.replace(config, listen=listen, http_port=sock.getsockname()[1])
            if config.source is None:
                names = ", ".join(config.plugins) or "no plugins"
                say(f"No goop.toml here: running with the defaults and {names}", error=True)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                loop, code = runner.get_loop(), 1
                try:
                    code = run_to_end(
                        loop, loop.create_task(serve(config, [sock, *beside], on_ready))
                    )
                    return code
                finally:
                    end_within(END_SECONDS, code)


async def serve(
    config: NodeConfig, socks: list[socket.socket], on_ready: Callable[[Node], None] = _nothing
) -> int:
    """Run the node of ``config``, its pages on ``socks``, until told to stop.

    Returns the exit code. Raises ``StartError``.
    """
    from goop_node.p2p import P2PError
    from goop_node.web.app import create_app

    node = Node(config)
    asyncio.get_running_loop().set_exception_handler(node.loop_failed)
    _say_unusual(config)
    me = asyncio.current_task()
    assert me is not None
    stopping = False
    server: _Server | None = None

    def stop() -> None:
        nonlocal stopping
        if server is not None:
            server.should_exit = True
            if stopping:
                server.give_up()
        elif not stopping:
            me.cancel()
        stopping = True

    def started() -> None:
        _announce(node)
        on_ready(node)

    with until_told(stop):
        try:
            async with node.running():
                server = _Server(_uvicorn_config(create_app(node)), started)
                await server.serve(sockets=socks)
                remove_ready(config.data)
                return 0 if stopping else 1
        except P2PError as error:
            raise StartError([f"listen: {error.reason}"], code=error.code) from error
        except asyncio.CancelledError:
            if not stopping:
                raise
            return 0  # told to stop before it was ready
        finally:
            remove_ready(config.data)


def addresses(
    host: str, names: Sequence[str], port: int, key: str, *, isolated: bool = True
) -> tuple[str, str]:
    """(the page's address for people, the base URL for programs of this machine).

    Only browsers know names below ``localhost``; other programs get the number.
    ``names`` are those of ``host`` in URLs; ``key`` lets a browser in, once, where the pages
    are not on loopback alone.
    """
    if is_loopback(host):
        return (
            home_url(port, isolated=isolated),
            f"http://{'[::1]' if host == '::1' else '127.0.0.1'}:{port}",
        )
    programs = names[0] if len(names) == 1 else "127.0.0.1"
    return f"http://{names[0]}:{port}/?key={key}", f"http://{programs}:{port}"


def _announce(node: Node) -> None:
    from goop_node.p2p.addresses import host_names

    host = node.config.http_host

    def where() -> tuple[str, str]:
        return addresses(
            host,
            host_names(host),
            node.http_port,
            node.tokens.one_time_key,
            isolated=node.config.isolation == "origin",
        )

    page, url = where()
    node.tokens.key_used = lambda: say(f"A browser was let in. The next one needs: {where()[0]}")
    addrs = list(node.network.addrs)
    content: dict[str, JsonValue] = {
        "url": url,
        "peerId": node.peer_id,
        "addrs": addrs,
        "token": node.tokens.bearer,
        "pid": os.getpid(),
        "version": __version__,
    }
    write_ready(node.data, content)
    say(f"Ready: {page} peer {node.peer_id} at {' '.join(addrs)}")


def _say_unusual(config: NodeConfig) -> None:
    if not is_loopback(config.http_host):
        log.warning(
            "the pages can be reached from other machines (http = %s); "
            "the key below lets one browser in, once",
            config.http_host,
        )
    if config.isolation == "path":
        log.warning(
            "templates share one origin: they can read each other, and no page counts as home "
            '(isolation = "path")'
        )
    if config.dev:
        log.warning("pages are told what fails in their plugins (--dev)")
    if config.dev_origins:
        log.warning("pages of %s may use this node (dev_origins)", ", ".join(config.dev_origins))


KEEP_ALIVE_SECONDS = 30
"""Longer than clients keep an idle connection (5 s is usual): else both ends race for its end."""


def _uvicorn_config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", functools.partial(HttpProtocol, places=places())),
        ws=PageProtocol,
        ws_max_size=WS_MAX_BYTES,
        ws_per_message_deflate=False,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=HUNG_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None  # there is none for Windows
    return uvloop.new_event_loop
