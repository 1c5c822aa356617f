# SPDX-License-Identifier: MIT
"""The servers that help two browsers find each other, as goop.toml names them for pages.

A TURN server's shared secret stays here: pages get a name and password made of it that last for
some hours, as "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest) has it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goop_node.types import JsonSchema, JsonValue

CREDENTIAL_SECONDS = 12 * 3600
"""How long a page's credentials last: longer than a call, since they are renewed with each."""
MAX_SECRET = 4096
_TURN = ("turn:", "turns:")

_URL: JsonSchema = {
    "type": "string",
    "maxLength": 300,
    "pattern": r"^(stuns?:|turns?:)(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
    r"(\?transport=(udp|tcp))?$",
    "examples": ["turn:turn.example.org:3478?transport=udp"],
}
_IS_TURN: JsonSchema = {
    "properties": {"urls": {"contains": {"pattern": "^turns?:"}}},
    "required": ["urls"],
}


def _needs_turn(key: str, setting: JsonSchema) -> JsonSchema:
    """Where ``key`` is such a ``setting``, a TURN server has to be named."""
    named: JsonSchema = {"title": f'a TURN server ("turn:HOST") for {key}', **_IS_TURN}
    return {
        "if": {"properties": {key: setting}, "required": [key]},
        "then": {"required": ["ice_servers"], "properties": {"ice_servers": {"contains": named}}},
    }


_TEXT: JsonSchema = {"type": "string", "minLength": 1, "maxLength": 512}
CONFIG_SCHEMA: JsonSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ice_servers": {
            "type": "array",
            "maxItems": 16,
            "default": [],
            "examples": [[{"urls": ["stun:stun.example.org:3478"]}]],
            "description": "STUN and TURN servers; none are needed on one network",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["urls"],
                "properties": {
                    "urls": {"type": "array", "minItems": 1, "maxItems": 16, "items": _URL},
                    "username": _TEXT,
                    "credential": _TEXT,
                },
            },
        },
        "turn_secret": {
            "type": ["string", "object"],
            "minLength": 1,
            "maxLength": MAX_SECRET,
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": False,
            "examples": [{"file": "turn.secret"}],
            "description": "the TURN servers' shared secret, or its file (in the data folder); "
            "pages never see it",
        },
        "relay_only": {
            "type": "boolean",
            "default": False,
            "description": "calls go through TURN servers alone: the other person does not learn "
            "your address",
        },
    },
    "if": {"not": {"required": ["turn_secret"]}},
    "then": {
        "properties": {
            "ice_servers": {
                "items": {"if": _IS_TURN, "then": {"required": ["username", "credential"]}}
            }
        }
    },
    "allOf": [_needs_turn("relay_only", {"const": True}), _needs_turn("turn_secret", {})],
}
"""Of ``[plugins.video_call]``."""


class IceSettingsError(ValueError):
    """What of goop.toml cannot be, in words, with its key."""


@dataclass(frozen=True)
class IceSettings:
    """What the table says. ``secret`` is ``b""`` where there is none."""

    servers: Sequence[Mapping[str, JsonValue]] = ()
    secret: bytes = b""
    relay_only: bool = False

    def for_page(self, now_s: int) -> dict[str, JsonValue]:
        """An RTCConfiguration, with credentials that last from ``now_s`` (Unix seconds)."""
        return {
            "iceServers": [self._server(server, now_s) for server in self.servers],
            "iceTransportPolicy": "relay" if self.relay_only else "all",
        }

    def _server(self, server: Mapping[str, Any], now_s: int) -> dict[str, JsonValue]:
        if not self.secret or "username" in server or not _is_turn(server):
            return dict(server)
        username = f"{now_s + CREDENTIAL_SECONDS}:goop"
        digest = hmac.new(self.secret, username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        return {**server, "username": username, "credential": credential}


def read_settings(table: Mapping[str, Any], data: Path) -> IceSettings:
    """The settings of a table that fits ``CONFIG_SCHEMA``; ``data`` is the node's data folder.

    Raises ``IceSettingsError``.
    """
    secret = _secret(table.get("turn_secret", ""), data)
    return IceSettings(table.get("ice_servers", []), secret, table.get("relay_only", False))


def _is_turn(server: Mapping[str, Any]) -> bool:
    return any(url.startswith(_TURN) for url in server["urls"])


def _secret(said: str | Mapping[str, str], data: Path) -> bytes:
    if isinstance(said, str):
        return said.encode()
    path = data / said["file"]
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise _mistake("turn_secret.file", f"{path} ({error.strerror})", "a file") from None
    if not 0 < len(secret) <= MAX_SECRET:
        found = f"{path} with {len(secret)} bytes"
        raise _mistake("turn_secret.file", found, f"a secret of 1 to {MAX_SECRET} bytes")
    return secret


def _mistake(key: str, found: str, expected: str) -> IceSettingsError:
    return IceSettingsError(f"[plugins.video_call] {key}: found {found}, expected {expected}")
