# SPDX-License-Identifier: MIT
"""Answers to requests that never reach the application (pure)."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from goop_node.problems import MEDIA_TYPE, Problem
from goop_node.web.security_headers import security_headers

HEADERS_TOO_LARGE = Problem(
    431,
    "headers_too_large",
    "The browser sends more than 1 MB of headers with each request to this address: most likely "
    "cookies of other programs that ran here before. Delete this site's cookies (in Chrome and "
    "Firefox: the symbol in front of the address, then cookies or site data), and load the page "
    "again.",
)

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not opened</title>
<h1>This page could not be opened</h1>
<p>{detail}</p>
"""


def refusal(problem: Problem, *, to_person: bool = False) -> bytes:
    """The whole answer; the connection ends behind it. ``to_person``: as a page of its own."""
    body, kind = problem.encoded(), MEDIA_TYPE
    phrase = HTTPStatus(problem.status).phrase
    if to_person:
        page = _PAGE.format(detail=escape(problem.detail))
        body, kind = page.encode(), "text/html; charset=utf-8"
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
