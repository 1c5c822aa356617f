# SPDX-License-Identifier: MIT
"""A template was removed, and nothing is to be kept of what its pages have said."""

from __future__ import annotations

from goop_realtime.machine import tombstones
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import drop_links, end


def forget_template(core: Core, template: str) -> None:
    """End its channels, and those of contexts that its folder declares, and forget them."""
    for channel in list(core.channels.values()):
        if template not in (channel.owner, channel.context.folder):
            continue
        with Contained(core, channel.id):
            if not channel.final:
                end(core, channel, "closed", "")
            channel.missed = False
            drop_links(core, channel, drain=True)
            if not channel.hosted:
                core.withdrawn.add(channel.host, channel.id, channel.expires_at)
            tombstones.forget(core, channel)
