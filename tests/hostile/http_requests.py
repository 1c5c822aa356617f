# SPDX-License-Identifier: MIT
"""Requests for every endpoint of a node: method, path, query, headers and body by its type."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from goop_node.access import table
from goop_node.web.app import application
from goop_node.web.openapi import declared_bodies
from goop_node.web.origins import Origins
from tests.hostile.extremes import damaged, number, text
from tests.hostile.structs import Known, hostile, object_of, spoilt
from tests.unit.in_process import make_node
from tests.unit.spellings import PORT

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "\xff"]
QUERIES = ("channel", "after", "limit", "page", "app", "x")


@dataclass(frozen=True)
class Endpoint:
    """Where something is served, and what it takes."""

    path: str
    method: str
    body: type[Any] | None


def endpoints(folder: Path) -> list[Endpoint]:
    """Every endpoint of a node with all plugins, by its own table."""
    app = application(make_node(folder), Origins(port=PORT, templates=()))
    bodies = declared_bodies(app)
    return [
        Endpoint(row.path, row.method, bodies.get((row.path, row.method.lower())))
        for row in table(app)
    ]


def request(rng: random.Random, one: Endpoint, headers: list[str], known: Known) -> bytes:
    """A request for the endpoint; ``headers`` say who sends it."""
    method = "GET" if one.method == "ANY" else one.method
    if rng.random() < 0.1:
        method = rng.choice(METHODS)
    path = one.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + quote(_name(rng, known), safe="") + rest.partition("}")[2]
    if rng.random() < 0.05:
        path += rng.choice(["/", "//", "/..", "%00", "%2f", ";x", "?"])
    pairs = [(rng.choice(QUERIES), _name(rng, known)) for _ in range(rng.choice([0, 1, 3]))]
    query = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in pairs)
    body = b""
    if one.body not in (None, bytes):
        body = spoilt(rng, object_of(rng, one.body, known))
    elif rng.random() < 0.1:
        body = spoilt(rng, hostile(rng))
    lines = [f"{method} {path}{'?' if query else ''}{query} HTTP/1.1", *headers]
    if body or method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {_length(rng, body)}"]
    if rng.random() < 0.1:
        lines.append(f"X-More: {'x' * rng.choice([1, 9_000])}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    return (damaged(rng, head) if rng.random() < 0.05 else head) + body


def _length(rng: random.Random, body: bytes) -> int:
    if rng.random() < 0.95:
        return len(body)
    return rng.choice([0, len(body) + 1, number(rng)])


def _name(rng: random.Random, known: Known) -> str:
    """What stands in a path or a query."""
    if rng.random() < 0.4:
        return str(json.loads(rng.choice(known["channelId"])))
    if rng.random() < 0.4:
        return f"{number(rng)}:{number(rng)}"
    return rng.choice([text(rng), str(number(rng)), "page_1", "x" * 5000])
