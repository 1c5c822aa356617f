# SPDX-License-Identifier: MIT
"""Whether who asks would rather have a page than a document for programs (pure, RFC 9110 §12.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

PAGE = ("text", "html")
DOCUMENTS = (("application", "problem+json"), ("application", "json"))
MAX_RANGES = 64
"""Media ranges that are looked at; browsers name about eight."""
_RANGE = re.compile(r"[ \t]*([!#$%&'*+.^`|~\w-]+)/([!#$%&'*+.^`|~\w-]+)[ \t]*(?:;(.*))?", re.ASCII)
_QUALITY = re.compile(r"[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*", re.ASCII | re.IGNORECASE)


@lru_cache(256)
def prefers_page(accept: str) -> bool:
    """Whether a request with this ``Accept`` header is answered with a page.

    Only where ``text/html`` is wanted more than JSON: who has no preference is a program.
    """
    ranges = list(_ranges(accept))
    return _quality(ranges, PAGE) > max(_quality(ranges, one) for one in DOCUMENTS)


def accept_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The ``Accept`` header among those of an ASGI scope; several are one list."""
    found = [value for name, value in headers if name.lower() == b"accept"]
    return b",".join(found)[:4096].decode("latin-1")


def _ranges(accept: str) -> Iterator[tuple[str, str, float]]:
    """Type, subtype and quality of each media range; what is none is left out."""
    for part in accept.split(",")[:MAX_RANGES]:
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        kind, sub, parameters = found[1].lower(), found[2].lower(), found[3] or ""
        quality = 1.0
        for parameter in parameters.split(";"):
            weight = _QUALITY.fullmatch(parameter)
            if weight is not None:
                quality = float(weight[1])
        yield kind, sub, quality


def _quality(ranges: list[tuple[str, str, float]], media: tuple[str, str]) -> float:
    """How much that type is wanted: the most specific range that fits says it, else not at all."""
    for wanted in (media, (media[0], "*"), ("*", "*")):
        found = [quality for kind, sub, quality in ranges if (kind, sub) == wanted]
        if found:
            return max(found)
    return 0.0
