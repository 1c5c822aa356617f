# SPDX-License-Identifier: MIT
"""The endpoints by which the person adds templates and takes them away, at home."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, post
from litestar.status_codes import HTTP_200_OK

from goop_node.access import OWNER
from goop_node.data.kept_files import NotKeptError
from goop_node.own_threads import in_own_thread
from goop_node.problems import Problem
from goop_node.templates.grants import Brought
from goop_node.templates.library import Staged
from goop_node.templates.unpacking import MAX_ZIP, NotTaken
from goop_node.types import JsonValue, Route
from goop_node.web.bodies import body_of

if TYPE_CHECKING:
    from goop_node.node import Node

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
Name = Annotated[str, msgspec.Meta(max_length=63)]


class StageBody(msgspec.Struct):
    """``POST templates/stage``: what was uploaded, and the template's name."""

    id: Id
    name: Name


class StagedBody(msgspec.Struct):
    """``POST templates/install`` and ``POST templates/discard``."""

    id: Id


class RemoveBody(msgspec.Struct, rename="camel"):
    """``POST templates/remove``."""

    template: Name
    delete_data: bool = False


def routes(node: Node, row: Callable[[str], dict[str, JsonValue]]) -> list[Route]:
    """The handlers; ``row`` is what is told of a template."""
    library = node.library
    one_at_a_time = asyncio.Lock()

    def told(staged: Staged) -> dict[str, JsonValue]:
        template = staged.template
        return {
            "id": staged.id,
            "name": template.name,
            "title": template.title,
            "description": template.description,
            "replaces": staged.replaces,
            "contexts": sorted(template.contexts),
            "permissions": [
                {
                    "permission": str(one),
                    "allows": one.allows,
                    "granted": node.grants.by(template.name, one) if staged.replaces else "",
                }
                for one in sorted(Brought(template=template).asks)
            ],
            "flaws": staged.lines(node.shelf.look(template)),
        }

    def not_taken(name: str) -> None:
        whose = node.shelf.taken(name)
        if whose:
            words = f"{whose} has a template named {name}, too; give this one another name"
            raise Problem(409, "name_taken", words, "/name")

    def upload(key: str) -> Path:
        return library.root / ".uploads" / f"{key}.zip"

    @post("/templates/upload", status_code=HTTP_200_OK, opt={"body": bytes})
    async def uploaded(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Append the body to the upload ``id``, which has ``at`` bytes so far; without, begin one.

        A ZIP file comes in parts, since no request is larger than 256 KiB.
        """
        key, text = request.query_params.get("id", ""), request.query_params.get("at", "0")
        if not text.isdecimal() or len(text) > 9:
            raise Problem(422, "bad_request", "at: expected a number of bytes", "/at")
        if not key:
            key = secrets.token_hex(8)
        elif not upload_exists(key):
            raise Problem(404, "unknown_upload", "there is no such upload", "/id")
        with _told_of_disk():
            size = await in_own_thread(_append, upload(key), int(text), await request.body())
        return {"id": key, "at": size}

    def upload_exists(key: str) -> bool:
        return key.isalnum() and len(key) == 16 and upload(key).is_file()

    @post("/templates/stage", status_code=HTTP_200_OK, opt={"body": StageBody})
    async def stage(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Unpack what was uploaded, and say what it asks for. Nothing is there for anybody yet."""
        body: StageBody = await body_of(request, StageBody)
        if not upload_exists(body.id):
            raise Problem(404, "unknown_upload", "there is no such upload", "/id")
        try:
            with _told_of_disk():
                staged = await in_own_thread(library.stage, upload(body.id), body.name)
        except NotTaken as error:
            raise Problem(422, "not_taken", str(error)) from None
        finally:
            with contextlib.suppress(OSError):
                upload(body.id).unlink()
        try:
            not_taken(staged.template.name)
        except Problem:
            library.discard(staged.id)
            raise
        return told(staged)

    @post("/templates/install", status_code=HTTP_200_OK, opt={"body": StagedBody})
    async def install(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Put what was staged into its place, at once."""
        body: StagedBody = await body_of(request, StagedBody)
        async with one_at_a_time:
            try:
                name = library.staged(body.id).template.name
                not_taken(name)
                with _told_of_disk():
                    await in_own_thread(library.install, body.id)
            except KeyError:
                raise Problem(404, "unknown_upload", "there is nothing to install", "/id") from None
            node.shelf.reread()
        return row(name)

    @post("/templates/discard", status_code=HTTP_200_OK, opt={"body": StagedBody})
    async def discard(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Forget what was staged."""
        body: StagedBody = await body_of(request, StagedBody)
        await in_own_thread(library.discard, body.id)
        return {}

    @post("/templates/remove", status_code=HTTP_200_OK, opt={"body": RemoveBody})
    async def remove(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Take an added template away, with what was granted to it; its data as the person says."""
        body: RemoveBody = await body_of(request, RemoveBody)
        async with one_at_a_time:
            if not library.has(body.template):
                raise Problem(404, "unknown_template", "no such template was added", "/template")
            node.grants.forget(body.template)
            work = partial(library.remove, body.template, delete_data=body.delete_data)
            with _told_of_disk():
                await in_own_thread(work)
            node.shelf.reread()
        return {}

    return [Route(handlers=[uploaded, stage, install, discard, remove], callers=OWNER)]


@contextlib.contextmanager
def _told_of_disk() -> Iterator[None]:
    """What the disk does not take is told in words."""
    try:
        yield
    except NotKeptError:
        raise
    except OSError as error:
        raise NotKeptError(error.errno, error.strerror or "it failed", error.filename) from error


def _append(path: Path, at: int, data: bytes) -> int:
    """Write ``data`` behind the first ``at`` bytes. Returns the new size."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("ab") as file:
        if file.tell() != at:
            raise Problem(409, "out_of_order", f"the upload has {file.tell()} bytes", "/at")
        if at + len(data) > MAX_ZIP:
            raise Problem(413, "too_large", f"a ZIP file has at most {MAX_ZIP >> 20} MiB")
        file.write(data)
        return file.tell()
