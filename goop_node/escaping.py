# SPDX-License-Identifier: MIT
"""Text from elsewhere within words of ours: what could not be seen, or acts on those who read, is
written out.

Names, addresses, reasons and exceptions' texts come from peers, pages, plugins and files. A line
break in one would begin a record of the sender's own making, a terminal acts on control characters,
and marks of direction turn the sentence around them. So logs, refusals and problems show them
escaped; the classes that carry such words see to it when they are made.
"""

from __future__ import annotations

import re

UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters, other line ends, what turns the direction of text, lone surrogates."""
ONE_LINE = rf"^[^{UNSAFE[1:-1]}]*\Z"
"""A pattern for text that needs no escaping, so that it can be a title."""
_UNSAFE = re.compile(UNSAFE)
_UNSAFE_BUT_NEWLINE = re.compile(rf"(?!\n){UNSAFE}")


def escaped(text: str) -> str:
    """``text`` on one line, with what could not be seen written as Python would write it."""
    return _UNSAFE.sub(_code, text)


def quoted(text: str, length: int) -> str:
    """The same, cut to ``length`` characters: for text that may quote others' at any length."""
    return escaped(text[:length])[:length]


def escaped_lines(text: str) -> str:
    """The same of text that may have several lines."""
    return _UNSAFE_BUT_NEWLINE.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
