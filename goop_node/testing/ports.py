# SPDX-License-Identifier: MIT
"""Ports for programs that have to be told one."""

from __future__ import annotations

from goop_node.cli.ports import bind_free


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at, and that no outgoing connection takes."""
    with bind_free("127.0.0.1", "port", "another one") as free:
        port: int = free.getsockname()[1]
        return port
