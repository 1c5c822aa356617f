# SPDX-License-Identifier: MIT
"""Multicast DNS: nodes of one local network find each other (RFC 6762), as Goop² peers do it.

Pure, with times given and packets handed in and out: ``packets`` (the bytes), ``adverts`` (what
they say of peers), ``responder`` and ``querier`` (telling and asking), ``link`` (both, on one
network), ``interfaces`` (which networks). ``sockets`` and ``discovery`` are their hands.
"""
