# SPDX-License-Identifier: MIT
"""Two nodes with one identity: how they learn of each other (pure). See ``docs/protocol.md``.

A node whose data folder was copied cannot hear its copy: everything that it says carries the
same name, and nobody sends it back. So each run of a node introduces itself to the peers it is
connected with. A peer to which two runs of one identity are introduced is the witness: it tells
each of them of the other, and takes to each what the other has signed. It proves that the other
lives, for it names a run that was made up at this start, and the witness cannot make it.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import msgspec

from goop_node.p2p.identity import Identity
from goop_node.p2p.signatures import verify

PROTOCOL = "/goop-node/twin/1.0.0"
MAX_LINE = 512
MAX_STREAMS = 8
"""Of one peer, each with one introduction."""
MAX_LINES = 32
"""That a stream carries in one direction."""

S = TypeVar("S")
"""A stream, whatever carries it."""
_Name = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
_Time = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Signature = Annotated[str, msgspec.Meta(max_length=128)]


class Introduction(msgspec.Struct, tag="run", frozen=True):
    """A run of the identity, and when it began (Unix milliseconds)."""

    run: _Name
    since: _Time


class Other(msgspec.Struct, tag="other", frozen=True):
    """From a witness: there is another run; prove to it that you live."""

    run: _Name


class Proof(msgspec.Struct, tag="proof", frozen=True):
    """The run ``run`` has heard of the run ``meets``, which says that it lives."""

    run: _Name
    since: _Time
    meets: _Name
    signature: _Signature

    def text(self, peer_id: str) -> bytes:
        """What is signed."""
        return f"{PROTOCOL}:{peer_id}:{self.run}:{self.since}:{self.meets}".encode()

    def is_by(self, peer_id: str) -> bool:
        """Whether the peer has signed it."""
        try:
            signature = b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        return verify(peer_id, self.text(peer_id), signature)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Introduction | Other | Proof)


class TwinBreach(Exception):
    """A line that does not belong on such a stream."""


def _parsed(line: bytes) -> Introduction | Other | Proof:
    try:
        found: Introduction | Other | Proof = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise TwinBreach(str(error)) from None
    return found


@dataclass(frozen=True, order=True)
class Run:
    """One run of a node; the earlier one comes first."""

    since: int
    name: str


class OwnRun:
    """This run among others of the same identity."""

    def __init__(self, identity: Identity, run: Run) -> None:
        self._identity = identity
        self._run = run

    def introduction(self) -> bytes:
        """What to say at the beginning of a stream."""
        return _encoder.encode(Introduction(self._run.name, self._run.since))

    def yields_to(self, other: Run) -> bool:
        """Whether it is for us to go: the run that began first stays."""
        return other < self._run

    def asked(self, line: bytes) -> bytes | Run | None:
        """What a witness says: the answer to it, or another run that lives, or neither.

        Raises ``TwinBreach``.
        """
        found = _parsed(line)
        if isinstance(found, Introduction):
            raise TwinBreach("a witness does not introduce itself")
        if found.run == self._run.name:
            return None
        peer_id = self._identity.peer_id
        if isinstance(found, Other):
            proof = Proof(self._run.name, self._run.since, found.run, "")
            signature = b64encode(self._identity.sign(proof.text(peer_id))).decode()
            return _encoder.encode(msgspec.structs.replace(proof, signature=signature))
        if found.meets != self._run.name or not found.is_by(peer_id):
            return None
        return Run(found.since, found.run)


class Witness(Generic[S]):
    """What is told by the runs of one peer, each on its streams."""

    def __init__(self, peer_id: str) -> None:
        self._peer_id = peer_id
        self._runs: dict[S, str] = {}
        self._met: set[tuple[str, str]] = set()
        """Which run has proved to which that it lives."""

    @property
    def twice(self) -> bool:
        """Whether two runs are here, and have proved to each other that they live."""
        return any((other, one) in self._met for one, other in self._met)

    def ended(self, stream: S) -> bool:
        """A stream has ended; whether it was the last."""
        self._runs.pop(stream, None)
        here = set(self._runs.values())
        self._met = {pair for pair in self._met if here.issuperset(pair)}
        return not self._runs

    def heard(self, stream: S, line: bytes) -> list[tuple[S, bytes]]:
        """A line of a run, and what is to be said on which streams. Raises ``TwinBreach``."""
        found = _parsed(line)
        if isinstance(found, Introduction):
            return self._introduced(stream, found.run)
        if not isinstance(found, Proof) or self._runs.get(stream) != found.run:
            raise TwinBreach("not a line of the run that was introduced here")
        if not found.is_by(self._peer_id):
            raise TwinBreach("a proof that the peer has not signed")
        others = [one for one, run in self._runs.items() if run == found.meets]
        if others:
            self._met.add((found.run, found.meets))
        return [(one, line) for one in others]

    def _introduced(self, stream: S, run: str) -> list[tuple[S, bytes]]:
        if stream in self._runs or len(self._runs) >= MAX_STREAMS:
            raise TwinBreach("one introduction too many")
        others = {one: name for one, name in self._runs.items() if name != run}
        self._runs[stream] = run
        told = [(stream, Other(name)) for name in dict.fromkeys(others.values())]
        told += [(one, Other(run)) for one in others]
        return [(one, _encoder.encode(line)) for one, line in told]
