# SPDX-License-Identifier: MIT
"""One checker for each kind of value that goop.toml and the command line hold.

A checker gets the value as it was found and returns what :class:`NodeConfig` keeps, or
raises :class:`Mistake` saying what was expected.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from goop_node.config.model import DEFAULT_MDNS, RESERVED_NAMES, Mdns
from goop_node.config.multiaddrs import undialable
from goop_node.labels import MAX_LABEL, flaw, taken

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
"""A host as a name, or as an IPv4 address."""
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PEER_ID = re.compile(r"[1-9A-HJ-NP-Za-km-z]{46,60}")
_ORIGIN = re.compile(r"https?://(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?")


class Mistake(Exception):
    """A value is not what was expected. ``found`` and ``expected`` complete the sentence."""

    def __init__(self, value: object, expected: str, *, found: str | None = None) -> None:
        self.found = show(value) if found is None else found
        self.expected = expected
        super().__init__(f"found {self.found}, expected {expected}")


def show(value: object) -> str:
    """``value`` on one line, as it would stand in the file, cut to 80 characters."""
    try:
        text = json.dumps(value, ensure_ascii=True, default=str)
    except (TypeError, ValueError, RecursionError):
        text = ascii(type(value).__name__)
    return text if len(text) <= 80 else text[:77] + "..."


def label(value: object) -> str:
    """A name of 1 to 64 characters that can be seen, see :mod:`goop_node.labels`."""
    text = taken(value) if isinstance(value, str) else ""
    why = flaw(text)
    if why:
        raise Mistake(value, f'a name of 1 to {MAX_LABEL} characters, e.g. "Alice": {why}')
    return text


def boolean(value: object) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise Mistake(value, "true or false")
    return value


def http(value: object) -> tuple[str, int]:
    """``"HOST:PORT"`` as a pair; an IPv6 host stands in brackets."""
    expected = '"HOST:PORT", e.g. "127.0.0.1:8787"'
    if not isinstance(value, str):
        raise Mistake(value, expected)
    host, colon, port = value.rpartition(":")
    if not colon or not _is_port(port):
        raise Mistake(value, expected)
    if host.startswith("[") and host.endswith("]"):
        if not _is_ip(host[1:-1], 6):
            raise Mistake(value, expected)
        return host[1:-1], int(port)
    if not HOST.fullmatch(host):
        raise Mistake(value, expected)
    return host, int(port)


def listen(value: object) -> str:
    """A multiaddr to listen on: ``/ip4/…/tcp/PORT`` or ``/ip6/…/tcp/PORT``."""
    expected = 'a multiaddr such as "/ip4/0.0.0.0/tcp/8788"'
    parts = value.split("/") if isinstance(value, str) else []
    if len(parts) != 5 or not _is_transport(parts) or parts[1] not in ("ip4", "ip6"):
        raise Mistake(value, expected)
    return "/".join(parts)


def peer(value: object) -> str:
    """A multiaddr to dial, ending in the other node's peer id."""
    text = value if isinstance(value, str) else ""
    parts = text.split("/")
    listed = parts[:2] == ["", "dnsaddr"] and len(parts) == 5 and HOST.fullmatch(parts[2])
    placed = len(parts) == 7 and _is_transport(parts) and int(parts[4]) > 0
    if not (listed or placed) or parts[-2] != "p2p" or not _PEER_ID.fullmatch(parts[-1]):
        raise Mistake(value, f"an address of another node: {undialable(text)}")
    return text


def origin(value: object) -> str:
    """A web origin: scheme, host and port, nothing behind them."""
    found = _ORIGIN.fullmatch(value) if isinstance(value, str) else None
    if found is None or (found[1] is not None and not _is_port(found[1])):
        raise Mistake(value, 'an origin such as "http://localhost:5173"')
    return found[0].lower()


def mdns(value: object) -> str:
    """``"goop"`` (also ``true``), ``"libp2p"``, ``"both"`` or ``"off"`` (also ``false``)."""
    if isinstance(value, bool):
        return DEFAULT_MDNS if value else "off"
    if value not in get_args(Mdns):
        raise Mistake(value, '"goop", "libp2p", "both" or "off"')
    return str(value)


def interface(value: object) -> str:
    """The name of a network interface."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not value.isprintable():
        raise Mistake(value, 'the name of a network interface, e.g. "wlan0"')
    return value


def isolation(value: object) -> str:
    """``"origin"`` (each template at an origin of its own) or ``"path"``."""
    if value not in ("origin", "path"):
        raise Mistake(value, '"origin" or "path"')
    return str(value)


def reachable_by(value: object) -> str:
    """``"discovered"`` (everybody who was discovered) or ``"friends"``."""
    if value not in ("discovered", "friends"):
        raise Mistake(value, '"discovered" or "friends"')
    return str(value)


def path(value: object, base: Path) -> Path:
    """A path; relative ones start at ``base``, ``~`` is the user's home."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Mistake(value, "a path")
    try:
        return (base / Path(value).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise Mistake(value, "a usable path") from error


def data_folder(value: object, base: Path) -> Path:
    """Where the node keeps its files: a folder, or a place to make one."""
    folder = path(value, base)
    try:
        if folder.exists() and not folder.is_dir():
            raise Mistake(value, "a folder", found=f"{show(value)}, which is a file")
    except OSError as error:
        raise Mistake(value, f"a folder that can be read ({error.strerror})") from error
    return folder


def template_folder(value: object, base: Path) -> Path:
    """An existing folder whose name can stand in front of ``.localhost``."""
    folder = path(value, base)
    try:
        is_folder = folder.is_dir()
    except OSError:
        is_folder = False
    if not is_folder:
        raise Mistake(value, "an existing folder", found=f"{show(value)}, and there is none")
    if not is_template_name(folder.name):
        raise Mistake(
            value,
            "a folder whose name has only a-z, 0-9 and inner hyphens (at most 63) and is none of "
            + ", ".join(sorted(RESERVED_NAMES)),
        )
    return folder


def is_template_name(name: str) -> bool:
    """Whether ``name`` may be a template's: a DNS label in lower case, not reserved."""
    return _DNS_LABEL.fullmatch(name) is not None and name not in RESERVED_NAMES


def each(check: Callable[[Any], Any]) -> Callable[[object], tuple[Any, ...]]:
    """A checker for a list whose every item passes ``check``."""

    def check_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise Mistake(value, "a list of strings, e.g. [...]")
        return tuple(check(item) for item in value)

    return check_all


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _is_transport(parts: list[str]) -> bool:
    """Whether ``["", proto, host, "tcp", port, …]`` begins a TCP multiaddr."""
    empty, protocol, host, tcp, port = parts[:5]
    if empty or tcp != "tcp" or not _is_port(port):
        return False
    if protocol in ("ip4", "ip6"):
        return _is_ip(host, int(protocol[2])) and "%" not in host
    return protocol in ("dns", "dns4", "dns6") and HOST.fullmatch(host) is not None
