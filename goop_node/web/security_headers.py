# SPDX-License-Identifier: MIT
"""The headers of every answer that say what a page may load, be and use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

FEATURES = ("camera", "microphone")
"""What pages may use where their template was given it; nothing else of this kind is ever given."""
WASM = "wasm"
"""Likewise, and no matter of the Permissions-Policy: the other one keeps WebAssembly out."""

_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'{wasm}",
        "style-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: data:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def security_headers(features: Collection[str]) -> list[tuple[bytes, bytes]]:
    """The headers for pages that may use those of ``FEATURES`` and ``WASM``."""
    csp = _CSP.format(wasm=" 'wasm-unsafe-eval'" if WASM in features else "")
    policy = [f"{name}=({'self' if name in features else ''})" for name in FEATURES]
    policy += ["geolocation=()", "payment=()", "usb=()"]
    return [
        (b"content-security-policy", csp.encode()),
        (b"permissions-policy", ", ".join(policy).encode()),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


def with_headers(send: Any, extra: Sequence[tuple[bytes, bytes]]) -> Any:
    """``send`` of a request or WebSocket that adds ``extra`` to whatever it answers with."""

    async def sending(message: Any) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return sending
