# SPDX-License-Identifier: MIT
"""What the supervisor and its node tell each other: JSON, one message a line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from goop_node.templates.grants import Brought
from goop_node.types import Template


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A template, and who brings it, as ``Brought`` has them."""

    name: str
    title: str
    folder: str
    description: str
    permissions: list[str]
    plugin: str
    distribution: str

    @classmethod
    def of(cls, brought: Brought) -> Row:
        """The row of a template."""
        template = brought.template
        return cls(
            name=template.name,
            title=template.title,
            folder=str(template.folder.resolve()),
            description=template.description,
            permissions=sorted(template.permissions),
            plugin=brought.plugin,
            distribution=brought.distribution,
        )

    def brought(self) -> Brought:
        """The template of a row."""
        template = Template(
            name=self.name,
            title=self.title,
            folder=Path(self.folder),
            description=self.description,
            permissions=frozenset(self.permissions),
        )
        return Brought(template=template, plugin=self.plugin, distribution=self.distribution)


class Go(msgspec.Struct, tag="go"):
    """To the node, once: load the plugins, and be a node. ``templates`` are those of nodes before:
    the pages of a plugin that is left out now stay."""

    templates: list[Row]


class Changed(msgspec.Struct, tag="changed"):
    """To the node: files of pages changed."""

    paths: list[str]


class Ready(msgspec.Struct, tag="ready"):
    """From the node: it serves pages, those of these templates."""

    templates: list[Row]


ToNode = Go | Changed
TO_NODE: msgspec.json.Decoder[ToNode] = msgspec.json.Decoder(ToNode)
FROM_NODE = msgspec.json.Decoder(Ready)


def line(message: ToNode | Ready) -> bytes:
    """The line that carries a message."""
    return msgspec.json.encode(message) + b"\n"
