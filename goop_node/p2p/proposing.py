# SPDX-License-Identifier: MIT
"""How two peers agree on the protocol of a stream, in as few turns as multistream-select allows.

The library greets, waits, names a protocol, waits again, and asks for every byte of a length by
itself. Here the greeting goes along with what is said behind it: a stream opens with one packet,
and one answers it. Whoever has spoken a protocol on a connection need not even be waited for:
see ``proposal``, which ``Lines`` sends with the first line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from libp2p.abc import IMultiselectCommunicator
from libp2p.custom_types import StreamHandlerFn, TProtocol
from libp2p.protocol_muxer.exceptions import MultiselectCommunicatorError
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MULTISELECT_PROTOCOL_ID, MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.utils import encode_delim

GREETING = encode_delim(MULTISELECT_PROTOCOL_ID.encode())


def proposal(protocol: str) -> bytes:
    """What opens a stream with that protocol. Whoever speaks it answers with the same bytes, so
    all that follows may be sent along with it."""
    return GREETING + encode_delim(protocol.encode())


class Greeting(IMultiselectCommunicator):
    """Greets with the first words, and takes the other side's greeting off the first it hears."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._words = MultiselectCommunicator(stream)
        self._greets = True
        self._greeted = False

    async def write(self, msg_str: str) -> None:
        """As the library's."""
        if self._greets:
            self._greets = False
            await self._send(GREETING + encode_delim(msg_str.encode()))
        else:
            await self._words.write(msg_str)

    async def read(self) -> str:
        """As the library's. Raises ``MultiselectCommunicatorError``, also without a greeting."""
        if not self._greeted:
            self._greeted = True
            if (said := await self._words.read()) != MULTISELECT_PROTOCOL_ID:
                raise MultiselectCommunicatorError(f"{said[:40]!r} is no greeting")
            if self._greets and not self._stream.muxed_stream.unread:
                # Whoever has said no more than that waits for ours before they go on.
                self._greets = False
                await self._send(GREETING)
        return await self._words.read()

    async def _send(self, data: bytes) -> None:
        try:
            await self._stream.write(data)
        except Exception as error:
            raise MultiselectCommunicatorError("nothing can be said") from error


class Proposing(MultiselectClient):
    """The side that opens a stream."""

    async def handshake(self, communicator: IMultiselectCommunicator) -> None:
        """It goes along with the first proposal."""

    async def select_one_of(
        self,
        protocols: Sequence[TProtocol],
        communicator: IMultiselectCommunicator,
        negotiate_timeout: int = 10,
    ) -> TProtocol:
        """As the library's; what is agreed on, the connection remembers."""
        its: Any = communicator
        stream = its.read_writer
        agreed = await super().select_one_of(protocols, Greeting(stream), negotiate_timeout)
        stream.muxed_conn.spoken.add(agreed)
        return agreed


class Answering(Multiselect):
    """The side that a stream is opened to."""

    async def handshake(self, communicator: IMultiselectCommunicator) -> None:
        """It goes along with the first answer."""

    async def negotiate(
        self, communicator: IMultiselectCommunicator, negotiate_timeout: int = 10
    ) -> tuple[TProtocol | None, StreamHandlerFn | None]:
        """As the library's."""
        its: Any = communicator
        return await super().negotiate(Greeting(its.read_writer), negotiate_timeout)
