# SPDX-License-Identifier: MIT
"""The small protocols of Goop² peers: what they ask each other for beside groups.

``answers`` says what each of them is told (pure), ``exchanges`` under which protocol and within
what bounds. Groups are in ``goop_node.groups``, presence is in ``goop_node.p2p``.
"""
