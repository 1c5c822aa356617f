# SPDX-License-Identifier: MIT
"""Answers to requests that never reach the application (pure)."""

from __future__ import annotations

import re
from http import HTTPStatus

from goop_node.problems import Problem
from goop_node.web.security_headers import security_headers

HEADERS_TOO_LARGE = Problem(
    431,
    "headers_too_large",
    "The browser sends more than 1 MB of headers with each request to this address: most likely "
    "cookies of other programs that ran here before. Delete this site's cookies (in Chrome and "
    "Firefox: the symbol in front of the address, then cookies or site data), and load the page "
    "again.",
)

_ACCEPT = re.compile(rb"\r\naccept:([^\r\n]*)", re.IGNORECASE)


def refusal(problem: Problem, beginning: bytes = b"") -> bytes:
    """The whole answer to a request that begins so; the connection ends behind it."""
    accept = b",".join(_ACCEPT.findall(beginning)).decode("latin-1")
    body, kind = problem.represented(accept)
    phrase = HTTPStatus(problem.status).phrase
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *security_headers(()),
    ]
    lines = [f"HTTP/1.1 {problem.status} {phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
