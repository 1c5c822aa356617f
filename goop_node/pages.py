# SPDX-License-Identifier: MIT
"""Static pages: the node's own, each template's at its own origin, and the scripts of the SDK."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from goop_node import sdk_scripts
from goop_node.origins import Origins
from goop_node.problems import Problem
from goop_node.types import Template

HOME = Path(__file__).parent / "home"
_TYPES = {  # the framework adds the charset of texts
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".ts": "text/plain",
    ".html": "text/html",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


def find(folder: Path, path: str) -> Path | None:
    """The file that ``path`` names in ``folder``; ``None`` for what is none of its files.

    A folder stands for its index.html, and a name without an ending for the .html file. Names
    that begin with a dot and links that lead out of the folder are refused.
    """
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    base = folder.resolve()
    wanted = base.joinpath(*parts)
    for candidate in (wanted / "index.html", wanted, wanted.with_name(wanted.name + ".html")):
        try:
            real = candidate.resolve()
            if real.is_file() and real.is_relative_to(base):
                return real
        except (OSError, ValueError):
            return None
    return None


def serve(request: Request[Any, Any, Any], file: Path | None) -> Response[bytes]:
    """The file, revalidated by its content at every load; to people a page where there is none."""
    if file is None:
        if "text/html" in request.headers.get("accept", ""):
            body = (HOME / "missing.html").read_bytes()
            return Response(body, status_code=404, media_type=_TYPES[".html"])
        raise Problem(404, "not_found", "there is nothing at this address")
    return _answer(request, file, file.read_bytes())


def _answer(request: Request[Any, Any, Any], file: Path, body: bytes) -> Response[bytes]:
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    return Response(body, media_type=kind or "application/octet-stream", headers=headers)


def routes(
    templates: Mapping[str, Template], modules: Mapping[str, Path], origins: Origins
) -> list[Any]:
    """The handlers for everything that is not below ``/api/``."""
    scripts = {name: sdk_scripts.FOLDER / name for name in sdk_scripts.NAMES}
    scripts.update(modules)

    @get("/sdk/{name:str}", sync_to_thread=False, include_in_schema=False)
    def script(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        """A script of the SDK, at every origin."""
        file = scripts.get(name)
        if file is None or not file.is_file():
            return serve(request, None)
        if file.suffix == ".js":
            return _answer(request, file, sdk_scripts.classic(file).encode())
        return serve(request, file)

    @get(["/", "/{path:path}"], sync_to_thread=False, include_in_schema=False)
    def page(request: Request[Any, Any, Any], path: str = "/") -> Response[Any]:
        """A page or its files: whose, the host name says."""
        owner = request.scope["goop_template"]  # type: ignore[typeddict-item]
        if owner:
            return serve(request, find(templates[owner].folder, path))
        first, _, rest = path.lstrip("/").partition("/")
        if first in templates:
            if not origins.isolated:
                return serve(request, find(templates[first].folder, rest))
            query = request.url.query
            target = origins.url_of(first) + rest + (f"?{query}" if query else "")
            return Redirect(target, status_code=307)
        return serve(request, find(HOME, path))

    return [script, page]
