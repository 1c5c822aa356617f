# SPDX-License-Identifier: MIT
"""The way of bytes between nodes, once the library has made a connection: without trio.

``yamux.py``, ``streams.py``, ``credit.py``, ``outgoing.py``, ``packets.py`` and ``liveness.py`` are
pure: bytes go in and come out, nothing waits, and the time is what they are told. ``link.py`` has
the socket, ``muxer.py`` shows the library what it expects of a muxer, and ``direct_lines.py`` is
who takes lines by plain calls.
"""
