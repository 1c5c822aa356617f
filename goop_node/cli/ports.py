# SPDX-License-Identifier: MIT
"""Ports: bind the one for pages, and turn port 0 into one that is kept for the next start."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import socket
from pathlib import Path
from typing import Annotated

import msgspec

from goop_node.config.model import StartError
from goop_node.data.kept_files import read_kept, write_kept
from goop_node.web.origins import is_loopback

log = logging.getLogger(__name__)

WILDCARDS = ("0.0.0.0", "::")
PORTS_FILE = "ports.json"
LASTING = range(20_000, 32_768)
"""Ports that systems give to nobody's outgoing connections: between two starts of a node only
another server can take one. (Linux gives those from 32,768 on, others those from 49,152 on.)"""
TRIES = 20
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


def bind_http(host: str, port: int, data: Path) -> socket.socket:
    """A listening-ready TCP socket on ``host``; port 0 takes the kept one, else a free one.

    Raises ``StartError`` in words when the address cannot be had.
    """
    if port:
        return bind(host, port, "http", "--http HOST:PORT")
    key = f"http {host}"
    kept = _kept(data, key)
    if kept:
        try:
            return bind(host, kept, "http", "--http HOST:PORT")
        except StartError:
            pass  # somebody else has it now; a free one does as well
    bound = bind_free(host, "http", "--http HOST:PORT")
    _keep(data, key, bound.getsockname()[1])
    return bound


def bind_beside(host: str, port: int) -> list[socket.socket]:
    """The same port on loopback, for browsers of this machine, where ``host`` does not cover it.

    Where another program has it, they use the address that everybody uses.
    """
    if is_loopback(host) or host in WILDCARDS:
        return []
    try:
        return [bind("127.0.0.1", port, "http", "--http HOST:PORT")]
    except StartError as error:
        log.info("the pages are not at localhost: %s", error)
        return []


def choose_listen(listen: tuple[str, ...], data: Path) -> tuple[str, ...]:
    """The libp2p addresses with real ports. Each is tried, so that a mistake shows early.

    Raises ``StartError`` when an address cannot be had.
    """
    return tuple(_choose(address, data, number) for number, address in enumerate(listen))


def _choose(address: str, data: Path, number: int) -> str:
    _, protocol, host, _, text = address.split("/")
    option = "--listen MULTIADDR"
    if int(text):
        bind(host, int(text), "listen", option).close()
        return address
    key = f"listen {number} {host}"
    port = _kept(data, key)
    if port:
        try:
            bind(host, port, "listen", option).close()
        except StartError:
            port = 0
    if not port:
        with bind_free(host, "listen", option) as free:
            port = free.getsockname()[1]
        _keep(data, key, port)
    return f"/{protocol}/{host}/tcp/{port}"


def bind_free(host: str, key: str, option: str) -> socket.socket:
    """The same with a port that nobody has, and that can be kept.

    Raises ``StartError`` as ``bind`` does.
    """
    for port in secrets.SystemRandom().sample(LASTING, TRIES):
        try:
            return bind(host, port, key, option)
        except StartError as error:
            if error.code != "port_in_use":
                raise
    return bind(host, 0, key, option)


def bind(host: str, port: int, key: str, option: str) -> socket.socket:
    """A listening TCP socket. ``key`` and ``option`` are where the address can be changed.

    Raises ``StartError`` in words when the address cannot be had.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        line = f"{key}: found host {host}, which is no address of this machine; use {option}"
        raise StartError([line], code="bad_address") from error
    bound = socket.socket(family, kind, proto)
    try:
        if os.name != "nt":  # elsewhere it only forgives TIME_WAIT; there it shares the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Two sockets may be bound to one port; only listening settles whose it is.
        bound.listen(128)
    except OSError as error:
        bound.close()
        where = f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            line = f"{key}: port {port} on {host} is in use by another program; use {option}"
            raise StartError([line], code="port_in_use") from error
        reason = error.strerror or str(error)
        line = f"{key}: {where} cannot be used ({reason}); use {option}"
        raise StartError([line], code="bad_address") from error
    return bound


def _kept(data: Path, key: str) -> int:
    return (read_kept(data / PORTS_FILE, _parsed) or {}).get(key, 0)


def _keep(data: Path, key: str, port: int) -> None:
    ports = read_kept(data / PORTS_FILE, _parsed) or {}
    try:
        write_kept(data / PORTS_FILE, {**ports, key: port})
    except OSError as error:
        line = f"data: {data} cannot be written ({error.strerror}); choose a folder with --data"
        raise StartError([line], code="data") from error


def _parsed(content: bytes) -> dict[str, int]:
    return msgspec.json.decode(content, type=dict[str, _Port])
