# SPDX-License-Identifier: MIT
"""Static pages: the node's own, each template's at its own origin, and the scripts of the SDK."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar import HttpMethod, Request, Response, route
from litestar.response import Redirect

from goop_node.own_threads import in_own_thread
from goop_node.problems import not_found
from goop_node.types import HomePage, Template
from goop_node.web import sdk_scripts
from goop_node.web.files import FileResponse, find, open_file
from goop_node.web.negotiation import prefers_page
from goop_node.web.origins import Origins
from goop_node.web.ranges import is_known

if TYPE_CHECKING:
    from goop_node.dev.author import Author

HOME = Path(__file__).parents[1] / "home"
ADDED = "home"
"""Below it are the pages that plugins add to home; no template can have that name."""
_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_ALL = [method for method in HttpMethod if method is not HttpMethod.OPTIONS]
"""What is nowhere is not found, however it is asked for."""


async def serve(request: Request[Any, Any, Any], file: Path | None) -> Response[Any]:
    """The file, revalidated at every load."""
    opened = await in_own_thread(open_file, file) if file is not None else None
    if opened is None:
        raise not_found()
    return FileResponse(opened)


async def _serve_from(
    request: Request[Any, Any, Any], folder: Path, path: str, above: str = ""
) -> Response[Any]:
    """What ``path`` names in ``folder``, whose own address is ``above``."""
    found = await in_own_thread(find, folder, path)
    if found is None:
        # Browsers ask for one by themselves.
        return await serve(request, HOME / "icon.svg" if path == "/favicon.ico" else None)
    if found.by_folder and not request.scope["raw_path"].endswith(b"/"):
        # The page's relative links start at the folder.
        parts = [quote(part) for part in path.split("/") if part]
        return _redirect(request, "/".join([above, *parts, ""]))
    return await serve(request, found.file)


def _navigates(request: Request[Any, Any, Any]) -> bool:
    """Whether a person's browser goes there; what programs fetch stays where it is."""
    mode = request.headers.get("sec-fetch-mode")
    return mode == "navigate" or (mode is None and prefers_page(request.headers.get("accept", "")))


def _redirect(request: Request[Any, Any, Any], address: str) -> Redirect:
    query = request.scope["query_string"].decode("latin-1")
    return Redirect(address + (f"?{query}" if query else ""), status_code=307)


def routes(
    templates: Mapping[str, Template],
    modules: Mapping[str, Path],
    home_pages: Mapping[str, HomePage],
    origins: Origins,
    author: Author | None = None,
) -> list[Any]:
    """The handlers for everything that is not below ``/api/``.

    ``author`` is whom pages of templates follow where somebody works on them.
    """
    scripts = {name: sdk_scripts.FOLDER / name for name in sdk_scripts.NAMES}
    scripts.update(modules)
    # For the pages that say what was refused: they stand at every origin.
    scripts["goop-page.css"] = HOME / "home.css"
    if author is not None:
        from goop_node.dev import pages as dev_pages

        scripts[dev_pages.SCRIPT_NAME] = dev_pages.SCRIPT

    @route("/sdk/{name:str}", http_method=_METHODS, include_in_schema=False)
    async def script(request: Request[Any, Any, Any]) -> Response[Any]:
        """A script of the SDK, at every origin."""
        file = scripts.get(request.path_params["name"])
        if file is None or file.suffix != ".js" or not file.is_file():
            return await serve(request, file)
        body = (await in_own_thread(sdk_scripts.classic, file)).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if is_known(tag, request.headers.get("if-none-match")):
            return Response(b"", status_code=304, headers=headers)
        return Response(body, media_type="text/javascript", headers=headers)

    @route(["/", "/{path:path}"], http_method=_ALL, status_code=200, include_in_schema=False)
    async def page(request: Request[Any, Any, Any]) -> Response[Any]:
        """A page or its files: whose, the host name says."""
        path = request.path_params.get("path", "/")
        if request.method not in _METHODS or path.startswith("/api/"):
            raise not_found()
        owner = request.scope["goop_template"]  # type: ignore[typeddict-item]
        if owner:
            answer = await _serve_from(request, templates[owner].folder, path)
            if author is None:
                return answer
            return await dev_pages.with_script(author, request, answer, owner)
        first, _, rest = path.lstrip("/").partition("/")
        if first not in templates:
            if _navigates(request) and not origins.has_pages(request.headers["host"]):
                return _redirect(request, origins.home + quote(path.lstrip("/")))
            name, _, inner = rest.partition("/")
            if first == ADDED and name in home_pages:
                above = f"/{ADDED}/{name}"
                return await _serve_from(request, home_pages[name].folder, f"/{inner}", above)
            return await _serve_from(request, HOME, path)
        if origins.isolated:
            return _redirect(request, origins.url_of(first) + quote(rest))
        return await _serve_from(request, templates[first].folder, f"/{rest}", f"/{first}")

    return [script, page]
