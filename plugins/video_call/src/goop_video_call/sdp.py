# SPDX-License-Identifier: MIT
"""Session descriptions (SDP, RFC 8866) as lines and sections, with bounds for both (pure).

What is parsed here is what a browser would parse: attributes keep their text, and only the form of
each line and the order of the lines are judged. What they mean is for ``descriptions``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_SDP = 60_000
"""Characters: below the 64 KiB that a message may have."""
MAX_LINES = 3000
MAX_SECTIONS = 64

_TOKEN = r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+"
_LINE = re.compile(r"([a-z])=([^\x00\r\n]+)")
_SESSION = re.compile(r"vosi?u?e*p*c?b*(?:tr*z?)+k?a*")
_SECTION = re.compile(r"m[cba]*(?:i[cba]*)?(?:k[cba]*)?")
"""Letters of a section's lines. Both browsers take them in any order, which pages make use of."""
_VALUES: Mapping[str, re.Pattern[str]] = {
    "v": re.compile(r"0"),
    "o": re.compile(rf"[^ ]+ [0-9]{{1,20}} [0-9]{{1,20}} {_TOKEN} {_TOKEN} [^ ]+"),
    "t": re.compile(r"[0-9]{1,20} [0-9]{1,20}"),
    "c": re.compile(rf"{_TOKEN} {_TOKEN} [^ ]+"),
    "b": re.compile(rf"{_TOKEN}:[0-9]{{1,20}}"),
    "m": re.compile(
        rf"(?P<media>{_TOKEN}) (?P<port>[0-9]{{1,5}})(?:/[0-9]{{1,5}})? "
        rf"(?P<protocol>{_TOKEN}(?:/{_TOKEN})*)(?: {_TOKEN})+"
    ),
    "a": re.compile(rf"(?P<name>{_TOKEN})(?::(?P<value>.+))?"),
}
"""What the lines of these letters say; those of others say anything."""


class SdpError(ValueError):
    """Why a text is no description, in words, with the number of the line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line} of the description: {reason}" if line else reason)


@dataclass(frozen=True)
class Attribute:
    """``a=name:value``, or ``a=name`` with the value ``""``; ``line`` counts from 1."""

    line: int
    name: str
    value: str


@dataclass(frozen=True, eq=False)
class Part:
    """The session part of a description, or a media section."""

    line: int
    attributes: Sequence[Attribute]
    media: str = ""
    port: int = 0

    def all(self, name: str) -> list[Attribute]:
        """The attributes of that name."""
        return [one for one in self.attributes if one.name == name]

    def one(self, name: str) -> Attribute | None:
        """The attribute that may stand once. Raises ``SdpError`` for a second one."""
        found = self.all(name)
        if len(found) > 1:
            raise SdpError(found[1].line, f"a second {name}")
        return found[0] if found else None


@dataclass(frozen=True)
class Description:
    """A parsed description."""

    session: Part
    sections: Sequence[Part]

    @property
    def parts(self) -> Sequence[Part]:
        """The session part and all sections."""
        return [self.session, *self.sections]


def parse(text: str) -> Description:
    """The description that ``text`` is, with lines that end in CRLF or LF. Raises ``SdpError``."""
    if len(text) > MAX_SDP:
        raise SdpError(0, f"a description has at most {MAX_SDP} characters")
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError(0, f"a description has at most {MAX_LINES} lines")
    fields = [_field(number, line) for number, line in enumerate(lines, 1)]
    letters = "".join(letter for letter, _ in fields)
    starts = [at for at, letter in enumerate(letters) if letter == "m"]
    if len(starts) > MAX_SECTIONS:
        raise SdpError(0, f"a description has at most {MAX_SECTIONS} media sections")
    ends = [*starts[1:], len(letters)]
    first = starts[0] if starts else len(letters)
    _ordered(letters[:first], _SESSION, 1)
    for start, end in zip(starts, ends, strict=False):
        _ordered(letters[start:end], _SECTION, start + 1)
    session = Part(1, _attributes(fields[:first], 1))
    return Description(
        session,
        [_section(fields[start:end], start + 1) for start, end in zip(starts, ends, strict=False)],
    )


def _field(number: int, line: str) -> tuple[str, re.Match[str]]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise SdpError(number, 'expected a letter, "=" and text')
    letter = found[1]
    value = _VALUES.get(letter, _LINE).fullmatch(found[2] if letter in _VALUES else line)
    if value is None:
        raise SdpError(number, f'"{letter}=" has a form of its own, and this is not it')
    return letter, value


def _ordered(letters: str, order: re.Pattern[str], start: int) -> None:
    """The lines of one part come in their order, and none that must be there is missing."""
    if order.fullmatch(letters):
        return
    fits = order.match(letters)
    at = fits.end() if fits else min(len(letters), 3)
    found = f'no line "{letters[at]}=" is expected here' if at < len(letters) else "it ends early"
    raise SdpError(start + at, found)


def _section(fields: Sequence[tuple[str, re.Match[str]]], line: int) -> Part:
    media = fields[0][1]
    port = int(media["port"])
    if port > 65535:
        raise SdpError(line, "a port is at most 65535")
    return Part(line, _attributes(fields, line), media["media"], port)


def _attributes(fields: Sequence[tuple[str, re.Match[str]]], line: int) -> list[Attribute]:
    return [
        Attribute(number, value["name"], value["value"] or "")
        for number, (letter, value) in enumerate(fields, line)
        if letter == "a"
    ]
