# SPDX-License-Identifier: MIT
"""The candidate line of ICE (RFC 8839 5.1, RFC 6544 for TCP), as browsers hand it out (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv6Address

MAX_CANDIDATE = 4096
"""Characters. The longest that browsers make have about 250."""
MAX_EXTENSIONS = 32

_PREFIX = re.compile(r"(?:a=)?candidate:")
_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+")
_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_ZONE = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_EXTENSION = re.compile(r"[^\x00-\x20\x7f]+")
_ENDS = {"tcptype": frozenset({"active", "passive", "so"})}
"""What extensions that are known here may say."""


class CandidateError(ValueError):
    """Why a line is no candidate, in words."""


def check_candidate(line: str) -> None:
    """Raises ``CandidateError`` unless ``line`` is a candidate: ``candidate:1 1 udp …``.

    ``a=`` in front and one end of line behind are taken as libraries give them; ``""`` stands for
    the end of the candidates.
    """
    line = line.removesuffix("\n").removesuffix("\r")
    if not line:
        return
    if len(line) > MAX_CANDIDATE:
        raise CandidateError(f"a candidate has at most {MAX_CANDIDATE} characters")
    prefix = _PREFIX.match(line)
    if prefix is None:
        raise CandidateError('a candidate begins with "candidate:"')
    check_attribute(line[prefix.end() :])


def check_attribute(value: str) -> None:
    """As ``check_candidate``, for what stands behind ``a=candidate:`` in a description."""
    parts = value.split(" ")
    if len(parts) < 8:
        raise CandidateError("a candidate has eight parts at least, each one space apart")
    foundation, component, transport, priority, address, port, typ, kind = parts[:8]
    _expect(_FOUNDATION.fullmatch(foundation), "foundation", "1 to 32 letters and digits")
    _within("component", component, 1, 256)
    _expect(_TOKEN.fullmatch(transport), "transport", "a word such as udp")
    _within("priority", priority, 1, 2**31 - 1)
    _expect(_is_address(address), "address", "an IP address or a host name")
    _within("port", port, 0, 65535)
    _expect(typ == "typ", "seventh part", '"typ"')
    _expect(_TOKEN.fullmatch(kind), "type", "a word such as host")
    _check_extensions(parts[8:])


def _check_extensions(parts: Sequence[str]) -> None:
    if len(parts) % 2 or len(parts) > 2 * MAX_EXTENSIONS:
        raise CandidateError(f"what follows the type is at most {MAX_EXTENSIONS} names with values")
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        _expect(_EXTENSION.fullmatch(name), "a name behind the type", "a word")
        _expect(_EXTENSION.fullmatch(value), name[:40], "a word")
        if name == "raddr":
            _expect(_is_address(value), name, "an IP address or a host name")
        elif name == "rport":
            _within(name, value, 0, 65535)
        elif name in _ENDS:
            _expect(value in _ENDS[name], name, "one of " + ", ".join(sorted(_ENDS[name])))


def _is_address(text: str) -> bool:
    if ":" in text:
        bare, percent, zone = text.partition("%")
        return _parses(IPv6Address, bare) and (not percent or bool(_ZONE.fullmatch(zone)))
    if text.replace(".", "").isdecimal():
        return text.isascii() and _parses(IPv4Address, text)
    return bool(_NAME.fullmatch(text)) and ".." not in text


def _parses(kind: type[IPv4Address] | type[IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except AddressValueError:
        return False
    return True


def _within(what: str, text: str, least: int, most: int) -> None:
    fits = bool(_NUMBER.fullmatch(text)) and least <= int(text) <= most
    _expect(fits, what, f"a number from {least} to {most}")


def _expect(fits: object, what: str, expected: str) -> None:
    if not fits:
        raise CandidateError(f"{what}: expected {expected}")
