# SPDX-License-Identifier: MIT
"""What a description has to say so that a browser can take it, as offer or as answer (pure).

The rules are those of JSEP (RFC 8829), ICE (RFC 8839), DTLS (RFC 8842, RFC 8122) and BUNDLE
(RFC 9143), as far as one description shows whether they are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from goop_video_call.candidates import CandidateError, check_attribute
from goop_video_call.sdp import Attribute, Description, Part, SdpError, parse

MAX_CANDIDATES = 256

_MID = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,256}")
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,32}) ((?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2})")
_DIGEST_BYTES: Mapping[str, int] = {
    "sha-1": 20,
    "sha-224": 28,
    "sha-256": 32,
    "sha-384": 48,
    "sha-512": 64,
}
_SETUP = frozenset({"active", "passive", "actpass", "holdconn"})
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "mid": (_MID, "a word"),
    "ice-ufrag": (re.compile(r"[A-Za-z0-9+/]{4,256}"), "4 to 256 letters and digits"),
    "ice-pwd": (re.compile(r"[A-Za-z0-9+/]{22,256}"), "22 to 256 letters and digits"),
    "setup": (re.compile("|".join(_SETUP)), f"one of {', '.join(sorted(_SETUP))}"),
}
"""Attributes that stand once in a part, and what they say."""
_NEEDED = ("ice-ufrag", "ice-pwd", "fingerprint")
"""What every section that is in use has, be it from the session or from its bundle."""


def check_description(text: str, *, answer: bool) -> None:
    """Raises ``SdpError`` unless ``text`` is a description that can be an offer, or an answer."""
    description = parse(text)
    if sum(len(part.all("candidate")) for part in description.parts) > MAX_CANDIDATES:
        raise SdpError(0, f"a description has at most {MAX_CANDIDATES} candidates")
    for part in description.parts:
        _check_part(part, answer)
    bundles = _bundles(description)
    for section in description.sections:
        if section.port:
            _check_transport(section, [description.session, *_bundled(section, bundles)])


def _check_part(part: Part, answer: bool) -> None:
    for name, (form, expected) in _FORMS.items():
        found = part.one(name)
        if found is not None and not form.fullmatch(found.value):
            raise SdpError(found.line, f"{name}: expected {expected}")
    setup = part.one("setup")
    if answer and setup is not None and setup.value == "actpass":
        raise SdpError(setup.line, "an answer chooses its setup: active or passive, not actpass")
    ufrag, password = part.one("ice-ufrag"), part.one("ice-pwd")
    alone = ufrag or password
    if alone is not None and (ufrag is None or password is None):
        raise SdpError(alone.line, "ice-ufrag and ice-pwd belong together")
    for fingerprint in part.all("fingerprint"):
        _check_fingerprint(fingerprint)
    for candidate in part.all("candidate"):
        try:
            check_attribute(candidate.value)
        except CandidateError as error:
            raise SdpError(candidate.line, str(error)) from None


def _check_fingerprint(fingerprint: Attribute) -> None:
    found = _FINGERPRINT.fullmatch(fingerprint.value)
    if found is None:
        raise SdpError(fingerprint.line, 'fingerprint: expected a hash\'s name and "AB:CD:…"')
    expected = _DIGEST_BYTES.get(found[1].lower())
    if expected is not None and len(found[2]) != 3 * expected - 1:
        raise SdpError(fingerprint.line, f"fingerprint: {found[1]} has {expected} bytes")


def _bundles(description: Description) -> list[list[Part]]:
    """The sections of each BUNDLE group."""
    by_mid: dict[str, Part] = {}
    for section in description.sections:
        mid = section.one("mid")
        if mid is None:
            continue
        if mid.value in by_mid:
            raise SdpError(mid.line, "two sections have this mid")
        by_mid[mid.value] = section
    bundles = []
    for group in description.session.all("group"):
        semantics, *mids = group.value.split(" ")
        if semantics != "BUNDLE":
            continue
        if len(set(mids)) < len(mids) or not by_mid.keys() >= set(mids):
            raise SdpError(group.line, "a bundle names each of its sections by its mid, once")
        bundles.append([by_mid[mid] for mid in mids])
    return bundles


def _bundled(section: Part, bundles: Sequence[Sequence[Part]]) -> list[Part]:
    """The section itself, and those that share its transport."""
    return [section, *(part for bundle in bundles if section in bundle for part in bundle)]


def _check_transport(section: Part, parts: Sequence[Part]) -> None:
    for name in _NEEDED:
        if not any(part.all(name) for part in parts):
            raise SdpError(section.line, f"the {section.media} section has no {name}")
