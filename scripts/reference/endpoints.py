# SPDX-License-Identifier: MIT
"""The page of the HTTP endpoints, from ``openapi.json`` of a node with every plugin here."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.web.app import application
from goop_node.web.openapi import complete
from goop_node.web.origins import Origins
from scripts.reference.markdown import MADE, UndocumentedError, prose, table

PLUGINS = ("realtime", "chess", "video_call", "arcade_rooms")


def endpoints_page() -> str:
    """The page."""
    parts = [
        "# HTTP\n",
        f"{MADE}\n",
        "Endpoints of the node and of the plugins that come with it. A program shows the token of "
        "`DATA/ready.json` (`Authorization: Bearer …`); which pages may call what stands in "
        "[SECURITY.md](../SECURITY.md#who-may-call-what). `GET /api/openapi.json` has the types of "
        "everything. Refusals are `application/problem+json` with a [code](codes.md). "
        "`/api/realtime/connect` (a WebSocket) and `/api/realtime/events` carry "
        "[the frames of pages](protocol.md#between-a-node-and-its-pages).\n",
    ]
    found = document()
    paths, schemas = found["paths"], found["components"]["schemas"]
    for group in sorted({_group(path) for path in paths}):
        parts.append(f"## {group}\n")
        rows = []
        for path, operations in sorted(paths.items()):
            if _group(path) != group:
                continue
            for method, operation in operations.items():
                what = f"{method.upper()} {path}"
                said = operation.get("description", "")
                if not said:
                    raise UndocumentedError(f"{what}: its handler has no docstring")
                rows.append((f"`{what}`", _taken(operation, schemas), prose(said, what)))
        parts.append(table(("", "takes", ""), rows))
    return "\n".join(parts)


def document() -> dict[str, Any]:
    """``openapi.json`` of a node with every plugin of this checkout."""
    with tempfile.TemporaryDirectory() as folder:
        config = NodeConfig(data=Path(folder), strict=True, plugins={name: {} for name in PLUGINS})
        node = Node(config)
        origins = Origins(port=1, templates=node.templates, isolated=True, hosts=(), dev=())
        app = application(node, origins)
        return complete(app.openapi_schema.to_schema(), app)


def _group(path: str) -> str:
    part = path.split("/")[2]
    return f"`/api/{part}/…`" if part in PLUGINS else "The node"


def _taken(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What goes in: the query, and the members of the body."""
    query = [
        f"`?{one['name']}=`" for one in operation.get("parameters", []) if one["in"] == "query"
    ]
    content = operation.get("requestBody", {}).get("content", {})
    members: list[str] = []
    for kind, one in content.items():
        schema = one["schema"]
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        members += [f"`{name}`" for name in schema.get("properties", {})]
        if kind != "application/json":
            members.append(f"`{kind}`")
    return ", ".join(query + members)
