# SPDX-License-Identifier: MIT
"""Looks at the machine that a node runs on, or is to run on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

from goop_node.cli.ports import bind
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.kept_files import aside_in
from goop_node.findings import Finding, note, ok, wrong

MEGABYTE = 1024 * 1024
LITTLE = 200 * MEGABYTE
"""Of free space, below which it is worth a word."""
NONE = 20 * MEGABYTE
FIRST_DAY = 1_790_000_000
"""Unix seconds before which no node of this version ran: a clock that says so is wrong."""
SYNCHRONIZED = ("timedatectl", "show", "--property=NTPSynchronized", "--value")


def look(config: NodeConfig, *, running: bool) -> Iterator[Finding]:
    """Data folder, disk, clock, names; and ports, where no node has them already."""
    yield from _data(config)
    yield from _clock()
    yield from _names()
    if not running:
        yield from _ports(config)


def _data(config: NodeConfig) -> Iterator[Finding]:
    there = config.data
    while not there.exists():
        there = there.parent
    if not (there.is_dir() and os.access(there, os.W_OK)):
        yield wrong("data", f"{there} cannot be written", "choose a folder with --data")
        return
    free = shutil.disk_usage(there).free
    words = f"{config.data}, {free // MEGABYTE:,} MB free"
    if free < NONE:
        yield wrong("data", words, "make room: nothing is accepted that cannot be stored")
    elif free < LITTLE:
        yield note("data", words, "make room soon")
    else:
        yield ok("data", words)
    for name in aside_in(config.data) if config.data.is_dir() else ():
        yield note("data", f"{name} could not be used and was set aside", "look at it, delete it")


def _clock() -> Iterator[Finding]:
    if time.time() < FIRST_DAY:
        yield wrong("clock", f"it says {time.strftime('%Y-%m-%d %H:%M')}", "set the clock")
        return
    if shutil.which(SYNCHRONIZED[0]) is not None:
        told = subprocess.run(SYNCHRONIZED, capture_output=True, text=True, check=False, timeout=10)
        if told.stdout.strip() == "no":
            yield note(
                "clock",
                "nothing sets this machine's clock: times of messages and of games may be off",
                "timedatectl set-ntp true",
            )
            return
    yield ok("clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def _names() -> Iterator[Finding]:
    try:
        socket.getaddrinfo("home.localhost", 80)
    except OSError:
        yield note(
            "names",
            "programs here do not know names like chess.localhost; Chromium and Firefox do by "
            "themselves, and Safari needs them in /etc/hosts",
        )
    else:
        yield ok("names", "home.localhost is this machine")


def _ports(config: NodeConfig) -> Iterator[Finding]:
    places = [("http", "--http HOST:PORT", config.http_host, config.http_port)]
    for address in config.listen:
        _, _, host, _, text = address.split("/")
        places.append(("listen", "--listen MULTIADDR", host, int(text)))
    for key, option, host, port in places:
        if not port:
            continue
        try:
            bind(host, port, key, option).close()
        except StartError as error:
            yield wrong("ports", error.lines[0])
        else:
            yield ok("ports", f"{key}: port {port} on {host} is free")
