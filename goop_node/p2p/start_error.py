# SPDX-License-Identifier: MIT
"""Why libp2p could not start, in a code and words."""

from __future__ import annotations

from collections.abc import Sequence


class P2PError(Exception):
    """libp2p could not start. ``code`` is ``port_in_use``, ``bad_address`` or ``failed``."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def start_error(error: BaseException | None, listen: Sequence[str]) -> P2PError:
    """Why libp2p did not start, from what it raised."""
    parts: list[BaseException] = [error] if error else []
    texts = []
    while parts:
        part = parts.pop()
        texts.append(str(part))
        parts.extend(getattr(part, "exceptions", ()))
        parts.extend(step for step in (part.__cause__, part.__context__) if step)
    text = " ".join(texts)
    if "in use" in text or "EADDRINUSE" in text or "cannot listen" in text:
        return P2PError("port_in_use", f"cannot listen on {', '.join(listen)}: already in use")
    return P2PError("failed", f"libp2p could not start: {text[:300]}")
