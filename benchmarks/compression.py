# SPDX-License-Identifier: MIT
"""What compression would save and cost, for the messages that pages send.

``python -m benchmarks.compression``: bytes and processor time (both ends together) per message,
for permessage-deflate with and without a context kept between messages, as a WebSocket would
use it, and for a deflated libp2p stream flushed at every message, or at every 32nd as the
coalescing writer does under load.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator

COUNT = 5000
WINDOW_BITS = -15
TAIL = b"\x00\x00\xff\xff"
"""Ends every flush; permessage-deflate leaves it out."""
BATCH = 32
CANDIDATE = (
    "candidate:{n} 1 udp 2113937151 192.168.{a}.{b} {port} typ host generation 0 "
    "ufrag {ufrag:04x} network-cost 999"
)
SDP_LINES = (
    "v=0", "o=- {n} 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
    "a=msid-semantic: WMS", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
    "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:{ufrag:04x}",
    "a=ice-pwd:{secret}", "a=ice-options:trickle", "a=fingerprint:sha-256 {print}",
    "a=setup:actpass", "a=mid:0", "a=sendrecv", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99",
    "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 transport-cc",
    "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli",
    "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtpmap:98 VP9/90000",
    "a=fmtp:98 profile-id=0", "a=rtpmap:99 rtx/90000", "a=fmtp:99 apt=98",
)  # fmt: skip


def _move(n: int) -> object:
    files, ranks = "abcdefgh", "12345678"
    return {"type": "move", "from": files[n % 8] + ranks[n // 8 % 8], "to": files[n // 3 % 8] + "5"}


def _position(n: int) -> object:
    return {"type": "position", "x": n * 1.25 % 640, "y": n * 0.75 % 480}


def _candidate(n: int) -> object:
    line = CANDIDATE.format(n=n, a=n % 256, b=n * 7 % 256, port=40000 + n, ufrag=n * 40503 % 65536)
    return {
        "type": "ice_candidate",
        "candidate": {"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0},
    }


def _offer(n: int) -> object:
    changing = {
        "n": 4611731400430051336 + n,
        "ufrag": n * 40503 % 65536,
        "secret": f"{n * 0x9E3779B97F4A7C15 % 2**96:024x}",
        "print": ":".join(f"{n * (k + 37) * 101 % 256:02X}" for k in range(32)),
    }
    sdp = "\r\n".join(line.format(**changing) for line in SDP_LINES) + "\r\n"
    return {"type": "sdp_offer", "sdp": {"type": "offer", "sdp": sdp}}


KINDS = {
    "chess move": _move,
    "position": _position,
    "ICE candidate": _candidate,
    "SDP offer": _offer,
}


def _frames(kind: str, count: int) -> Iterator[bytes]:
    """What travels, envelope and all: docs/protocol.md."""
    peer, channel = "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X", "rt-0123456789abcdef"
    for n in range(count):
        body = {
            "type": "message", "channel": channel, "from": peer, "data": KINDS[kind](n),
            "id": f"s9f86d081884c7d65-{n}", "epoch": 1763900000000, "seq": n + 1,
            "sentAt": 1763900000000 + n * 50,
        }  # fmt: skip
        yield json.dumps(body, separators=(",", ":")).encode()


def _deflated(frames: list[bytes], *, keep: bool) -> tuple[int, float]:
    """Bytes and seconds of permessage-deflate."""
    size, start = 0, time.process_time()
    packer, unpacker = _pair()
    for frame in frames:
        if not keep:
            packer, unpacker = _pair()
        packed = (packer.compress(frame) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
        size += len(packed)
        assert unpacker.decompress(packed + TAIL) == frame
    return size, time.process_time() - start


def _streamed(frames: list[bytes], batch: int) -> tuple[int, float]:
    """Bytes and seconds of one deflated stream."""
    size, start = 0, time.process_time()
    packer, unpacker = _pair()
    for n in range(0, len(frames), batch):
        gathered = b"\n".join(frames[n : n + batch])
        packed = packer.compress(gathered) + packer.flush(zlib.Z_SYNC_FLUSH)
        size += len(packed)
        assert unpacker.decompress(packed) == gathered
    return size, time.process_time() - start


def _pair() -> tuple[zlib._Compress, zlib._Decompress]:
    return zlib.compressobj(wbits=WINDOW_BITS), zlib.decompressobj(wbits=WINDOW_BITS)


def main() -> None:
    """The table."""
    print(f"bytes, and µs a message for packing and unpacking; {COUNT} messages each")
    print(f"{'':14}{'plain':>8}{'per message':>18}{'context kept':>18}{'stream':>18}"
          f"{f'stream, {BATCH} a flush':>22}")  # fmt: skip
    _deflated(list(_frames("chess move", BATCH)), keep=False)  # the first calls cost more
    for kind in KINDS:
        frames = list(_frames(kind, COUNT))
        found = [
            _deflated(frames, keep=False),
            _deflated(frames, keep=True),
            _streamed(frames, 1),
            _streamed(frames, BATCH),
        ]
        cells = [f"{size / COUNT:.0f} B {took / COUNT * 1e6:5.1f} µs" for size, took in found]
        plain = sum(map(len, frames)) / COUNT
        print(f"{kind:14}{plain:>6.0f} B{cells[0]:>18}{cells[1]:>18}{cells[2]:>18}{cells[3]:>22}")


if __name__ == "__main__":
    main()
