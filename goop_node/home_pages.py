# SPDX-License-Identifier: MIT
"""Pages that plugins add to home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from goop_node.escaping import ONE_LINE


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """A ``folder`` of static files at home's own origin: ``/home/NAME/``, from its ``index.html``.

    Its scripts may do what the person may do at home: no content of others belongs there. ``name``
    is a word of ``[a-z0-9-]``; ``title`` is what home's link to it says.
    """

    name: Annotated[
        str,
        Meta(max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z", description="a word"),
    ]
    title: Annotated[str, Meta(max_length=60, pattern=ONE_LINE, description="one line of text")]
    folder: Path
