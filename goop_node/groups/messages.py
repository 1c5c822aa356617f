# SPDX-License-Identifier: MIT
"""The lines of the 1.0.0 group protocol: parse and serialise.

Parsing is as lenient as Go's decoder: unknown keys are ignored, known ones match in any case,
``null`` leaves a field as it was, and broken UTF-8 becomes replacement characters. Payloads stay
encoded: whoever uses one decodes it, with bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from goop_node.types import JsonValue

GROUP_PROTOCOL = "/goop/group/1.0.0"
INVITE_PROTOCOL = "/goop/group-invite/1.0.0"
MAX_LINE = 256 * 1024
"""Bytes of one line. Go escapes ``<``, ``>`` and ``&`` to six bytes each."""


class MalformedMessage(ValueError):
    """A line that is no message of the protocol; the text says why."""


@dataclass(frozen=True, slots=True)
class GroupMessage:
    """One line of a group stream. ``payload`` is encoded JSON, ``None`` where there is none."""

    type: str
    group: str = ""
    from_: str = ""
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """The one line of an invitation stream."""

    group_id: str
    group_name: str
    host_peer_id: str
    app_type: str = ""
    volatile: bool = False


_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)
_flag = msgspec.json.Decoder(bool)
_any = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_NULL = b"null"


def parse(raw: bytes) -> GroupMessage:
    """The message in ``raw`` (without newline). Raises ``MalformedMessage``."""
    fields = _fields(raw)
    payload = fields.get("payload")
    return GroupMessage(
        type=_string(fields, "type"),
        group=_string(fields, "group"),
        from_=_string(fields, "from"),
        payload=None if payload is None or payload == _NULL else payload,
    )


def parse_invite(raw: bytes) -> Invite:
    """The invitation in ``raw``. Raises ``MalformedMessage``."""
    fields = _fields(raw)
    invite = Invite(
        group_id=_string(fields, "group_id"),
        group_name=_string(fields, "group_name"),
        host_peer_id=_string(fields, "host_peer_id"),
        app_type=_string(fields, "app_type"),
        volatile=_read(_flag, fields.get("volatile", _NULL), False),
    )
    if not invite.group_id or not invite.host_peer_id:
        raise MalformedMessage("an invitation without group_id or host_peer_id")
    return invite


def serialise(message: GroupMessage) -> bytes:
    """The bytes of ``message``, without newline, keys in the order of the protocol."""
    body: dict[str, JsonValue] = {"type": message.type, "group": message.group}
    if message.from_:
        body["from"] = message.from_
    if message.payload is not None and message.payload != _NULL:
        body["payload"] = msgspec.Raw(message.payload)
    return _encoder.encode(body)


def serialise_invite(invite: Invite) -> bytes:
    """The bytes of ``invite``: always all five fields, which decide about joining there."""
    return _encoder.encode(
        {
            "group_id": invite.group_id,
            "group_name": invite.group_name,
            "host_peer_id": invite.host_peer_id,
            "app_type": invite.app_type,
            "volatile": invite.volatile,
        }
    )


def member_list(members: Iterable[tuple[str, int]]) -> list[JsonValue]:
    """``(peer id, joined at in Unix ms)`` pairs as the protocol lists them."""
    return [{"peer_id": peer, "joined_at": joined_at} for peer, joined_at in members]


def encoded(value: JsonValue) -> bytes:
    """``value`` as a payload."""
    return _encoder.encode(value)


def error(group: str, code: str, message: str) -> GroupMessage:
    """An ``error`` line: ``bad_first_msg``, ``not_found`` or ``full``."""
    return GroupMessage("error", group, payload=encoded({"code": code, "message": message}))


def error_code(message: GroupMessage) -> str:
    """The code of an ``error`` line; ``refused`` where it has none."""
    try:
        body = _any.decode(message.payload or _NULL)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        body = None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code else "refused"


def _fields(raw: bytes) -> dict[str, bytes]:
    try:
        found = _decoder.decode(raw.decode("utf-8", "replace"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as failure:
        raise MalformedMessage(f"not a JSON object: {failure}") from None
    return {key.lower(): bytes(value) for key, value in found.items()}


def _string(fields: Mapping[str, bytes], key: str) -> str:
    value: str = _read(_text, fields.get(key, _NULL), "")
    return value


def _read(decoder: Any, raw: bytes, default: Any) -> Any:
    if raw == _NULL:
        return default
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError) as failure:
        raise MalformedMessage(str(failure)) from None
