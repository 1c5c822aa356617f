# SPDX-License-Identifier: MIT
"""Pictures of people as PNG (ISO/IEC 15948), read strictly (pure): what is no picture gets nowhere.

What stands in a file beside its picture (texts, times, places, profiles) is left out: it may say
more than a person means to tell. The pixels are unpacked once, with a bound, to see that they are
there; they are not changed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256

MAX_BYTES = 512 * 1024
"""Of a file: as many as Go peers take."""
MAX_SIDE = 1024
"""Pixels."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), _PALETTE: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits of a sample, by the type of colour."""
_SAMPLES = {0: 1, 2: 3, _PALETTE: 1, 4: 2, 6: 4}
_CLEAR = {0: 2, 2: 6}
"""Bytes of ``tRNS`` where there is no palette."""
_FILTERS = 4


def fingerprint(picture: bytes) -> str:
    """What presence tells of a picture: the beginning of its SHA-256, 16 hex digits."""
    return sha256(picture).hexdigest()[:16]


def cleaned(data: bytes) -> bytes:
    """The picture alone. Raises ``ValueError``, in words, for what is none that fits."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    if not data.startswith(SIGNATURE):
        raise ValueError("it is no PNG")
    parts: dict[bytes, list[bytes]] = {}
    last = b""
    for kind, body in _chunks(data):
        if last == b"IEND":
            raise ValueError("something follows its end")
        if not parts and kind != b"IHDR":
            raise ValueError("it does not begin with IHDR")
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            if kind in parts and not kind == last == b"IDAT":
                raise ValueError(f"{kind.decode()} is there again")
            if kind in (b"PLTE", b"tRNS") and b"IDAT" in parts:
                raise ValueError(f"{kind.decode()} comes too late")
            parts.setdefault(kind, []).append(body)
        elif kind[:1].isupper():
            raise ValueError("it has a part that nobody knows")
        last = kind
    if last != b"IEND" or parts[b"IEND"] != [b""]:
        raise ValueError("it has no end")
    depth, colour, row, height = _head(parts[b"IHDR"][0])
    palette = _colours(parts, depth, colour)
    _pixels(b"".join(parts.get(b"IDAT", [])), row, height)
    kept = [(kind, body) for kind in (b"IHDR", b"PLTE", b"tRNS") for body in parts.get(kind, [])]
    if colour != _PALETTE and palette:
        kept = [(kind, body) for kind, body in kept if kind != b"PLTE"]  # a mere suggestion
    kept += [(b"IDAT", b"".join(parts[b"IDAT"])), (b"IEND", b"")]
    return SIGNATURE + b"".join(_written(kind, body) for kind, body in kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        head = data[at : at + 8]
        length = int.from_bytes(head[:4])
        end = at + 8 + length
        if len(head) < 8 or end + 4 > len(data):
            raise ValueError("it is cut off")
        kind, body = head[4:], data[at + 8 : end]
        if not (kind.isascii() and kind.isalpha()):
            raise ValueError("it is damaged")
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end : end + 4]):
            raise ValueError("it is damaged")
        yield kind, body
        at = end + 4


def _head(body: bytes) -> tuple[int, int, int, int]:
    """Depth, type of colour, bytes of a row (its filter included), and rows."""
    if len(body) != 13:
        raise ValueError("its IHDR is no such thing")
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", body)
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise ValueError(f"it has {width} × {height} pixels, at most {MAX_SIDE} × {MAX_SIDE} fit")
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering:
        raise ValueError("its IHDR is no such thing")
    if interlaced:
        raise ValueError("it is interlaced")
    return depth, colour, 1 + (width * _SAMPLES[colour] * depth + 7) // 8, height


def _colours(parts: dict[bytes, list[bytes]], depth: int, colour: int) -> int:
    """How many colours its palette has. Raises where palette or transparency do not fit."""
    palette = len(parts[b"PLTE"][0]) if b"PLTE" in parts else 0
    if palette % 3 or palette // 3 > 256:
        raise ValueError("its palette is no such thing")
    if colour == _PALETTE and not 0 < palette // 3 <= 2**depth:
        raise ValueError("its palette does not fit")
    if b"tRNS" in parts:
        clear = len(parts[b"tRNS"][0])
        fits = 0 < clear <= palette // 3 if colour == _PALETTE else clear == _CLEAR.get(colour)
        if not fits:
            raise ValueError("its transparency does not fit")
    return palette // 3


def _pixels(packed: bytes, row: int, height: int) -> None:
    """Raise where these are not that many rows, no more and no less."""
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(packed, row * height + 1)
    except zlib.error:
        raise ValueError("its pixels are damaged") from None
    if len(pixels) != row * height or not unpacking.eof or unpacking.unused_data:
        raise ValueError("its pixels are not as many as it says")
    if max(pixels[::row]) > _FILTERS:
        raise ValueError("its pixels are damaged")


def _written(kind: bytes, body: bytes) -> bytes:
    checked = zlib.crc32(body, zlib.crc32(kind))
    return len(body).to_bytes(4) + kind + body + checked.to_bytes(4)
