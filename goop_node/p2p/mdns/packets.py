# SPDX-License-Identifier: MIT
"""Packets of multicast DNS as values of ours, read and written (pure).

Names and their compression are dnspython's. Its messages are not used: they know no cache-flush
bit, and read every kind of record that there is.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.name
import dns.wire

from goop_node.p2p.addresses import IP
from goop_node.p2p.mdns import bounds

Name = tuple[bytes, ...]
"""Labels in lower case (names are the same whatever their case), without the root's."""

A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
_IN = 1
_TOP = 0x8000
"""The bit of a class that means cache-flush in a record, and "answer me alone" in a question."""
_RESPONSE, _AUTHORITATIVE, _TRUNCATED = 0x8000, 0x0400, 0x0200
_IGNORED = 0x780F
"""Bits of the kind of query and of errors: whoever sets one of them means no mDNS."""
_HEAD = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The name of an instance."""

    target: Name


@dataclass(frozen=True, slots=True)
class Server:
    """The host and port of an instance."""

    port: int
    target: Name


@dataclass(frozen=True, slots=True)
class Strings:
    """What is said of an instance: strings of up to 255 bytes."""

    strings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HostIP:
    """The address of a host."""

    ip: IP


Data = Pointer | Server | Strings | HostIP


def type_of(data: Data) -> int:
    """The number of a record's type."""
    if isinstance(data, HostIP):
        return A if data.ip.version == 4 else AAAA
    return {Pointer: PTR, Server: SRV, Strings: TXT}[type(data)]


@dataclass(frozen=True, slots=True)
class Question:
    """``alone``: it is to be answered to its sender alone (QU)."""

    name: Name
    type: int
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """``flush``: it replaces what was said of that name and type. ``ttl`` in seconds."""

    name: Name
    data: Data
    ttl: int
    flush: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One packet. Of what was read, records of other types are left out."""

    response: bool = False
    id: int = 0
    truncated: bool = False
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    authorities: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """Of all sections."""
        return self.answers + self.authorities + self.additionals


def parse(packet: bytes) -> Message | None:
    """The message in ``packet``; ``None`` for what is none, or beyond the bounds."""
    if not _HEAD.size <= len(packet) <= bounds.PACKET_BYTES:
        return None
    number, flags, *counts = _HEAD.unpack_from(packet)
    if flags & _IGNORED or sum(counts) > bounds.MAX_RECORDS:
        return None
    parser = dns.wire.Parser(packet, _HEAD.size)
    try:
        questions = [_question(parser) for _ in range(counts[0])]
        sections = [
            tuple(one for one in (_record(parser) for _ in range(count)) if one is not None)
            for count in counts[1:]
        ]
    except dns.exception.DNSException:
        return None
    return Message(
        bool(flags & _RESPONSE),
        number,
        bool(flags & _TRUNCATED),
        tuple(one for one in questions if one is not None),
        *sections,
    )


def _name(parser: dns.wire.Parser) -> Name:
    return tuple(label.lower() for label in dns.name.from_wire_parser(parser).labels[:-1])


def _question(parser: dns.wire.Parser) -> Question | None:
    name = _name(parser)
    kind, group = parser.get_struct("!HH")
    return Question(name, kind, bool(group & _TOP)) if group & ~_TOP in (_IN, ANY) else None


def _record(parser: dns.wire.Parser) -> Record | None:
    name = _name(parser)
    kind, group, ttl, length = parser.get_struct("!HHIH")
    with parser.restrict_to(length):
        data = _data(parser, kind)
    if data is None or group & ~_TOP != _IN:
        return None
    # A TTL with its highest bit set is zero (RFC 2181, 8).
    return Record(name, data, ttl if ttl < 1 << 31 else 0, bool(group & _TOP))


def _data(parser: dns.wire.Parser, kind: int) -> Data | None:
    """Raises ``DNSException`` where it is not of its type's form."""
    if kind == PTR:
        return Pointer(_name(parser))
    if kind == SRV:
        _, _, port = parser.get_struct("!HHH")
        return Server(port, _name(parser))
    if kind == TXT:
        return Strings(tuple(_strings(parser)))
    if kind == A:
        return HostIP(IPv4Address(parser.get_bytes(4)))
    if kind == AAAA:
        return HostIP(IPv6Address(parser.get_bytes(16)))
    parser.get_remaining()
    return None


def _strings(parser: dns.wire.Parser) -> Iterator[bytes]:
    while parser.remaining():
        yield parser.get_counted_bytes()


def serialise(message: Message) -> bytes:
    """The packet of a message of ours."""
    flags = (_RESPONSE | _AUTHORITATIVE) if message.response else 0
    flags |= _TRUNCATED if message.truncated else 0
    sections = (message.answers, message.authorities, message.additionals)
    out = io.BytesIO()
    out.write(_HEAD.pack(message.id, flags, len(message.questions), *map(len, sections)))
    known: dict[dns.name.Name, int] = {}
    for question in message.questions:
        _write_name(out, question.name, known)
        out.write(struct.pack("!HH", question.type, _IN | (_TOP if question.alone else 0)))
    for record in (one for section in sections for one in section):
        _write_record(out, record, known)
    return out.getvalue()


def _write_record(out: io.BytesIO, record: Record, known: dict[dns.name.Name, int]) -> None:
    _write_name(out, record.name, known)
    head = out.tell()
    group = _IN | (_TOP if record.flush else 0)
    out.write(_RECORD.pack(type_of(record.data), group, record.ttl, 0))
    begin = out.tell()
    match record.data:
        case Pointer(target):
            _write_name(out, target, known)
        case Server(port, target):
            out.write(struct.pack("!HHH", 0, 0, port))
            _write_name(out, target, known)
        case Strings(strings):
            for one in strings:
                out.write(bytes((len(one),)) + one)
        case HostIP(ip):
            out.write(ip.packed)
    end = out.tell()
    out.seek(head + _RECORD.size - 2)
    out.write(struct.pack("!H", end - begin))
    out.seek(end)


def _write_name(out: io.BytesIO, name: Name, known: dict[dns.name.Name, int]) -> None:
    dns.name.Name((*name, b"")).to_wire(out, known)


def in_packets(message: Message) -> list[bytes]:
    """The packets of a query, whose known answers may need several (RFC 6762, 7.2)."""
    packet = serialise(message)
    half = len(message.answers) // 2
    if len(packet) <= bounds.OWN_PACKET_BYTES or not half:
        return [packet]
    first = replace(message, answers=message.answers[:half], truncated=True)
    rest = replace(message, questions=(), answers=message.answers[half:])
    return [*in_packets(first), *in_packets(rest)]
