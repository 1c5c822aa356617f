# SPDX-License-Identifier: MIT
"""A name server on loopback that knows the TXT records it is given, for tests of ``/dnsaddr``."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@contextmanager
def name_server(
    texts: Mapping[str, Sequence[str]], *, silent: bool = False
) -> Iterator[dns.asyncresolver.Resolver]:
    """What asks this server and no other. ``texts`` are TXT records by name; other names do not
    exist. One that is ``silent`` never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(sock, texts, silent), daemon=True)
        thread.start()
        asking = dns.asyncresolver.Resolver(configure=False)
        asking.nameservers = ["127.0.0.1"]
        asking.port = sock.getsockname()[1]
        try:
            yield asking
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", sock.getsockname())
            thread.join()


def _serve(sock: socket.socket, texts: Mapping[str, Sequence[str]], silent: bool) -> None:
    while True:
        packet, sender = sock.recvfrom(4096)
        if not packet:
            return
        if silent:
            continue
        query = dns.message.from_wire(packet)
        response = dns.message.make_response(query)
        question = query.question[0]
        found = texts.get(question.name.to_text(omit_final_dot=True))
        if found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found and question.rdtype == dns.rdatatype.TXT:
            quoted = ['"' + text.replace('"', '\\"') + '"' for text in found]
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", quoted))
        sock.sendto(response.to_wire(), sender)
