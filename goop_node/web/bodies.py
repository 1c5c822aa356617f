# SPDX-License-Identifier: MIT
"""The body of a request as a declared type, or a refusal that says where it is wrong."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from goop_node.problems import Problem


async def body_of(request: Request[Any, Any, Any], kind: type[Any]) -> Any:
    """The body as a ``kind``. Raises ``Problem`` 400."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        raise Problem(400, "bad_request", reason, path.rstrip("`").replace(".", "/")) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Problem(400, "malformed_json", "the body is not JSON") from None
