# SPDX-License-Identifier: MIT
"""The one normal spelling of a request's path (RFC 3986 §6.2.2), pure.

Servers, frameworks and file systems disagree about all others: which slashes, dots and escapes
they fold. So nothing is folded here; what is not normal names nothing.
"""

from __future__ import annotations

import re
import unicodedata

_UNRESERVED = "A-Za-z0-9._~-"
# Browsers leave [ ] ^ | as they are; ; would begin parameters of a segment, and nothing has any.
_PLAIN = r"!$&'()*+,=:@\[\]^|" + _UNRESERVED
_SEGMENT = rf"(?:[{_PLAIN}]|%[0-9A-Fa-f]{{2}})+"
_PATH = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?")
_ESCAPE = re.compile(r"%(..)")
_NEEDLESS = re.compile(rf"[{_UNRESERVED}]")


def normal_path(raw: bytes) -> str | None:
    """What ``raw``, a path as it was sent, stands for; ``None`` when it is not spelled normally.

    Normal are segments that are neither empty nor dots (a slash may end the whole), without
    escapes of characters that need none, of slashes, backslashes or control characters.
    """
    try:
        text = raw.decode("ascii")
        if _PATH.fullmatch(text) is None:
            return None
        path = _ESCAPE.sub(_unescaped, text).encode("latin-1").decode()
    except ValueError:
        return None
    if any(unicodedata.category(char) == "Cc" for char in path):
        return None
    return None if any(part in (".", "..") for part in path.split("/")) else path


def _unescaped(escape: re.Match[str]) -> str:
    """The byte of an escape, as a character. Raises ``ValueError`` where there should be none."""
    char = chr(int(escape[1], 16))
    if char in "/\\" or _NEEDLESS.fullmatch(char):
        raise ValueError(escape[0])
    return char
