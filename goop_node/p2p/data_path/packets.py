# SPDX-License-Identifier: MIT
"""Noise behind its handshake (pure): plain bytes to packets and back, with one counter each way.

A packet is its length in two bytes and what was encrypted; 16 bytes of that prove that nobody
touched it. See https://github.com/libp2p/specs/blob/master/noise/README.md
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag

MAX_PLAIN = 65535 - 16
"""Plain bytes that fit into one packet."""

Cipher = Callable[[bytes, bytes, None], bytes]
"""Nonce, data, nothing besides: as the methods of ``ChaCha20Poly1305``."""


class Unreadable(Exception):
    """What came was not encrypted by the peer, or not in this place."""


class Packets:
    """Both ways of one connection. Nobody else may use its keys."""

    def __init__(self, encrypt: Cipher, sent: int, decrypt: Cipher, received: int) -> None:
        """``sent`` and ``received`` packets have been counted before."""
        self._encrypt = encrypt
        self._sent = sent
        self._decrypt = decrypt
        self._received = received
        self._begun = b""

    def sealed(self, plain: bytes) -> bytes:
        """The packet with these bytes, ``MAX_PLAIN`` at most."""
        data = self._encrypt(_nonce(self._sent), plain, None)
        self._sent += 1
        return len(data).to_bytes(2, "big") + data

    def opened(self, data: bytes) -> bytes:
        """The plain bytes of all packets that are complete with ``data``. Raises ``Unreadable``."""
        if self._begun:
            data = self._begun + data
        at, end = 0, len(data)
        plain: list[bytes] = []
        while end - at >= 2:
            after = at + 2 + (data[at] << 8 | data[at + 1])
            if after > end:
                break
            try:
                plain.append(self._decrypt(_nonce(self._received), data[at + 2 : after], None))
            except InvalidTag:
                raise Unreadable("a packet cannot be decrypted") from None
            self._received += 1
            at = after
        self._begun = data[at:]
        return plain[0] if len(plain) == 1 else b"".join(plain)


def _nonce(number: int) -> bytes:
    return bytes(4) + number.to_bytes(8, "little")
