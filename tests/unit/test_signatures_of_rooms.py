# SPDX-License-Identifier: MIT
"""Messages that were written together share a signature, and each is checked by itself."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.rooms import lines
from goop_realtime.rooms.entries import digest_of
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.signatures import (
    AUTHORS,
    HASH,
    LEVELS,
    MAX_PROOF,
    SIGNATURE,
    TOGETHER,
    Roots,
    Signing,
    is_proof,
    is_proved,
    prove,
    signed_bytes,
)
from goop_realtime.rooms.transcript import check, transcript
from tests.unit.rooms_world import START, Node, signing
from tests.unit.test_rooms_lives import alike, joined, together

KEYS = {name: SigningKey(name.encode() * 32) for name in "ab"}
SAID = st.lists(st.binary(max_size=8), min_size=1, max_size=TOGETHER, unique=True)


class Counting:
    """Real signatures, counted."""

    def __init__(self, me: str) -> None:
        self.done = Counter[str]()
        self.signing = Signing(sign=self._sign, verify=self._verify)
        self._me = me

    def _sign(self, said: bytes) -> bytes:
        self.done["sign"] += 1
        return bytes(KEYS[self._me].sign(said).signature)

    def _verify(self, peer: str, said: bytes, sig: bytes) -> bool:
        self.done["verify"] += 1
        try:
            KEYS[peer].verify_key.verify(said, sig)
        except (BadSignatureError, ValueError):
            return False
        return True


@given(SAID)
@settings(max_examples=80, deadline=None)
def test_a_write_costs_one_signature_and_one_check_however_much_is_in_it(said: list[bytes]) -> None:
    a = Counting("a")
    proofs = prove(a.signing, said)
    roots: Roots = {}
    assert all(
        is_proved(a.signing, "a", one, proof, roots)
        for one, proof in zip(said, proofs, strict=True)
    )
    assert a.done == {"sign": 1, "verify": 1}
    assert all(is_proof(proof) and len(proof) <= MAX_PROOF for proof in proofs)
    assert len(said) > 1 or len(proofs[0]) == SIGNATURE
    # Each by itself, for whoever has seen none of the others.
    assert all(
        is_proved(a.signing, "a", one, proof, {}) for one, proof in zip(said, proofs, strict=True)
    )


@given(said=SAID, more=SAID, data=st.data())
@settings(max_examples=150, deadline=None)
def test_nothing_else_is_proved_by_it(said: list[bytes], more: list[bytes], data: Any) -> None:
    a, b = Counting("a"), Counting("b")
    proofs, roots = prove(a.signing, said), Roots()
    for one, proof in zip(said, proofs, strict=True):
        is_proved(a.signing, "a", one, proof, roots)
    at = data.draw(st.integers(0, len(said) - 1), "which")
    proof, right = proofs[at], said[at]
    how = data.draw(st.sampled_from(["bit", "place", "tree", "author", "longer", "words", "self"]))
    who, words, wrong = "a", right, proof
    if how == "bit":
        number = data.draw(st.integers(0, 8 * len(proof) - 1))
        changed = bytearray(proof)
        changed[number // 8] ^= 1 << number % 8
        wrong = bytes(changed)
    elif how == "place":
        other = data.draw(st.integers(0, len(said) - 1))
        assume(other != at)
        wrong = proofs[other]
    elif how == "tree":
        assume({*more}.isdisjoint(said))
        wrong = data.draw(st.sampled_from(prove(a.signing, more)))
    elif how == "author":
        who = "b"
    elif how == "longer":
        wrong = proof + data.draw(st.binary(min_size=1, max_size=2 * HASH))
    elif how == "words":
        words = data.draw(st.binary(max_size=8))
        assume(words not in said)
    else:  # what b has signed is not a's
        wrong = prove(b.signing, said)[at]
    assert not is_proved(a.signing, who, words, wrong, roots)
    assert not is_proved(a.signing, who, words, wrong, {})


def test_an_inner_node_is_no_message() -> None:
    a = Counting("a")
    said = [b"1", b"2", b"3", b"4"]
    proof = prove(a.signing, said)[0]
    start = SIGNATURE + 1
    shorter = proof[:SIGNATURE] + b"\0" + proof[start + HASH :]
    for words in (proof[start : start + HASH], b"\1" + proof[start : start + HASH]):
        assert not is_proved(a.signing, "a", words, shorter, {})


def test_of_many_authors_the_newest_are_remembered() -> None:
    sign = Signing(sign=lambda said: said[:64].ljust(64), verify=lambda peer, said, sig: True)
    roots: Roots = {}
    for n in range(3 * AUTHORS):
        said = [b"1", str(n).encode()]
        assert is_proved(sign, str(n), said[0], prove(sign, said)[0], roots)
        assert len(roots) <= AUTHORS


@pytest.mark.parametrize(
    "proof",
    [
        bytes(SIGNATURE + 1),
        bytes(SIGNATURE + 2),
        bytes(SIGNATURE) + b"\2" + bytes(HASH),
        bytes(SIGNATURE) + b"\0" + bytes(HASH - 1),
        bytes(SIGNATURE) + b"\0" + bytes(HASH * (LEVELS + 1)),
    ],
)
@pytest.mark.parametrize("kind", ["msg", "entry"])
def test_a_path_of_no_tree_is_no_line(proof: bytes, kind: str) -> None:
    line = {"type": kind, "id": "p-1", "data": 1, "sig": b64encode(proof).decode()}
    if kind == "entry":
        line |= {"seq": 1, "author": "a"}
    with pytest.raises(MalformedJson):
        lines.parse(json.dumps(line).encode())


# In rooms


def say_much(guest: Node, handle: str, count: int) -> list[str]:
    """A page says much in one turn of its node's loop."""
    page = guest.page()
    ids = [
        guest.rooms.send(guest.world.now, handle, page, None, {"n": n}, "") for n in range(count)
    ]
    guest.flush()
    return [str(one) for one in ids]


@pytest.mark.parametrize("of_host", [False, True], ids=["guest", "host"])
def test_what_a_page_says_in_one_turn_shares_signatures_in_every_log(of_host: bool) -> None:
    world, handle, nodes = together("a", "b", "c")
    guest = next(node for node in nodes if (node.room(handle).hosting is not None) is of_host)
    ids = say_much(guest, handle, 2 * TOGETHER + 1)
    world.until(lambda: all(len(node.log(handle)) == len(ids) for node in nodes))
    assert alike(handle, *nodes)
    for node in nodes:
        entries = [one for one in node.room(handle).log.after(0) if one.kind == "msg"]
        assert [one.id for one in entries] == ids
        signatures = [one.sig[:SIGNATURE] for one in entries]
        assert len({*signatures}) == 3
        assert len(entries[-1].sig) == SIGNATURE  # alone in its write, as ever
    written = list(transcript(nodes[0].room(handle), "a", START))
    report = check(written, signing("").verify)
    assert (report.faults, report.said) == ([], {guest.me: len(ids)})


@pytest.mark.parametrize("how", ["data", "sig", "swap"])
def test_a_transcript_in_which_one_of_them_was_changed_is_found_out(how: str) -> None:
    world, handle, nodes = together("a", "b")
    guest = next(node for node in nodes if node.room(handle).hosting is None)
    say_much(guest, handle, 5)
    world.run(1_000)
    told = [json.loads(one) for one in transcript(guest.room(handle), "b", START)]
    at = [n for n, one in enumerate(told) if one.get("id", "").startswith("page")]
    if how == "data":
        told[at[2]]["data"] = {"n": 77}
    elif how == "sig":
        sig = bytearray(b64decode(told[at[2]]["sig"]))
        sig[-1] ^= 1
        told[at[2]]["sig"] = b64encode(bytes(sig)).decode()
    else:
        told[at[2]]["sig"] = told[at[3]]["sig"]
    found = check(
        [json.dumps(one, separators=(",", ":")).encode() for one in told], signing("").verify
    )
    assert found.wrong == 1
    assert f"line {at[2] + 1}" in found.faults[0]
    assert guest.me in found.faults[0]


def test_a_guest_whose_path_leads_elsewhere_is_refused_that_message_alone() -> None:
    world, handle, nodes = together("a", "b")
    host = next(node for node in nodes if node.room(handle).hosting is not None)
    guest = next(node for node in nodes if node is not host)
    link = host.room(handle).hosting.links[guest.me]  # type: ignore[union-attr]
    mine = signing(guest.me)
    proofs = prove(mine, [b"something", b"else"])
    line = lines.Msg(id="x-1", data=b"1", sig=proofs[0])  # type: ignore[arg-type]
    assert host.rooms.lines(world.now, link.id, [serialise(line)])
    host.flush()
    assert host.room(handle).refusals.get(guest.me, "x-1").code == "forged"  # type: ignore[union-attr]
    say_much(guest, handle, 3)
    world.until(lambda: len(host.log(handle)) == 3)
    assert joined(handle, *nodes)


@pytest.mark.parametrize("how", ["another tree", "another place", "another author"])
def test_a_host_that_gives_a_message_anothers_path_is_given_up_by_name(how: str) -> None:
    world, handle, nodes = together("a", "b", "c")
    host = next(node for node in nodes if node.room(handle).hosting is not None)
    guest, author = [node for node in nodes if node is not host]
    say_much(author, handle, 4)
    world.until(lambda: all(len(node.log(handle)) == 4 for node in nodes))
    room, last = guest.room(handle), guest.room(handle).log.last
    said = [
        signed_bytes(room.fold.room, f"x-{n}", author.me, "", digest_of(b"", b"1")) for n in (1, 2)
    ]
    proofs = {
        "another tree": prove(signing(author.me), [b"something", b"else"])[0],
        "another place": prove(signing(author.me), said)[1],
        "another author": prove(signing(host.me), said)[0],
    }
    (link,) = (one.id for one in guest.rooms._sh.links.values() if one.peer == host.me)
    line = lines.EntryLine(seq=last + 1, author=author.me, id="x-1", data=b"1", sig=proofs[how])  # type: ignore[arg-type]
    guest.rooms.lines(world.now, link, [serialise(line)])
    guest.flush()
    assert room.log.last == last
    told = [row for row in guest.core.trace.rows(handle) if row["code"] == "forged"]
    assert told[0]["detail"] == f"{author.me} has not signed x-1"
    world.until(lambda: joined(handle, guest))  # by the same host, which has told the truth since
    assert alike(handle, *nodes)
