# SPDX-License-Identifier: MIT
"""What a node signs everybody can check who knows its id; nothing else passes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libp2p.crypto.secp256k1 import create_new_key_pair as secp256k1_pair
from libp2p.peer.id import ID

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.p2p.identity import Identity
from goop_node.p2p.signatures import verify
from goop_node.plugins.plugin_node import PluginNode

DATA = b"goop test\0data"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity.load_or_create(tmp_path_factory.mktemp("signatures") / "identity.key")


def test_a_plugin_signs_and_verifies(tmp_path: Path) -> None:
    node = Node(NodeConfig(data=tmp_path), candidates=[])
    plugin = PluginNode(node, "realtime")
    signature = plugin.sign(DATA)
    assert len(signature) == 64
    assert plugin.verify(node.peer_id, DATA, signature)
    assert not plugin.verify(node.peer_id, DATA + b"x", signature)


@settings(max_examples=30)
@given(at=st.integers(0, 63), bit=st.integers(0, 7))
def test_another_signature_is_none(identity: Identity, at: int, bit: int) -> None:
    signature = bytearray(identity.sign(DATA))
    assert verify(identity.peer_id, DATA, bytes(signature))
    signature[at] ^= 1 << bit
    assert not verify(identity.peer_id, DATA, bytes(signature))


@settings(max_examples=30)
@given(peer_id=st.text(), signature=st.binary(max_size=100))
def test_nothing_raises(identity: Identity, peer_id: str, signature: bytes) -> None:
    assert not verify(peer_id, DATA, identity.sign(DATA))
    assert not verify(identity.peer_id, DATA, signature)


@pytest.mark.parametrize("wrong", [None, 1, "text", b"", ["list"]])
def test_what_has_another_type_is_no_signature(identity: Identity, wrong: Any) -> None:
    signature = identity.sign(DATA)
    assert not verify(wrong, DATA, signature)
    assert not verify(identity.peer_id, wrong, signature)
    assert not verify(identity.peer_id, DATA, wrong)


def test_other_keys_prove_nothing() -> None:
    pair = secp256k1_pair()
    peer_id = ID.from_pubkey(pair.public_key).to_base58()
    assert not verify(peer_id, DATA, pair.private_key.sign(DATA))


def test_an_id_that_is_a_hash_proves_nothing(identity: Identity) -> None:
    peer_id = ID(b"\x12\x20" + os.urandom(32)).to_base58()
    assert not verify(peer_id, DATA, identity.sign(DATA))


def test_a_point_of_small_order_signs_nothing() -> None:
    """Its id is well-formed, and a lax verifier takes a signature by nobody for its own."""
    small = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    peer_id = ID(b"\x00\x24\x08\x01\x12\x20" + small).to_base58()
    assert not any(verify(peer_id, os.urandom(8), small + bytes(32)) for _ in range(64))
