# SPDX-License-Identifier: MIT
"""Names that people give themselves, and their pages: any text that can be seen, in any script.

Length is what people count, user-perceived characters (grapheme clusters of UAX 29): an emoji made
of seven code points is one. What is refused: control characters and line ends, whatever turns the
direction of the text around it, and what nobody sees, but for the joiners and selectors that
scripts and emoji need, where they need them: so names that look alike are not told apart by that.
"""

from __future__ import annotations

import unicodedata

import regex

MAX_LABEL = 64
"""Characters of a person's name, as people count."""
POINTS = 4
"""Code points a character may have on average: a name has 256 at most, as others take it."""
MAX_STACKED = 16
"""Code points of one character; a family of emoji has up to 10."""

_TURNS = regex.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SIGNS = r"\u0600-\u0605\u06dd\u070f\u08e2\U000110bd\U000110cd"
"""Format characters that are seen: signs that stand around a number."""
_NEEDED = (
    # Flags of regions are a black one and invisible letters.
    r"\U0001F3F4[\U000E0020-\U000E007E]+\U000E007F",
    # Joiners, where a script has them (RFC 5892, A.1 and A.2, and Bengali), or an emoji is of two.
    r"(?<=\p{ccc=Virama})[\u200c\u200d]",
    r"(?<=\p{Bengali})\u200d(?=\p{ccc=Virama})",
    r"(?<=[\p{jt=L}\p{jt=D}]\p{jt=T}*)\u200c(?=\p{jt=T}*[\p{jt=R}\p{jt=D}])",
    r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})",
    r"(?<=\p{Mongolian})\u180e(?=\p{Mongolian})",
    # Selectors of a variant, behind what has variants.
    r"(?<=[0-9#*])\ufe0f(?=\u20e3)",
    r"(?<=(?![0-9#*])\p{Emoji})[\ufe0e\ufe0f]",
    r"(?<=\p{Ideographic})[\ufe00-\ufe02\U000E0100-\U000E01EF]",
    r"(?<=\p{Mongolian})[\u180b-\u180d\u180f]",
    r"(?<=[\p{Myanmar}\p{Phags_Pa}])\ufe00",
)
"""What is not seen by itself, where it belongs to writing."""
_HIDDEN = regex.compile(
    rf"(?:{'|'.join(_NEEDED)})(*SKIP)(*FAIL)"
    rf"|(?![{_SIGNS}])[\p{{Cf}}\p{{Default_Ignorable_Code_Point}}]"
)
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]")
_PRIVATE = regex.compile(r"\p{Co}")
_SEEN = regex.compile(r"(?!\u2800)[\p{L}\p{N}\p{P}\p{S}\p{Cn}]")
_REFUSED = {
    _CONTROL: "a control character or a line break",
    _TURNS: "a character that turns the direction of the text around it",
    _HIDDEN: "an invisible character",
    _PRIVATE: "a character of private use",
}
_CHARACTER = regex.compile(r"\X")


def characters(text: str) -> list[str]:
    """The characters of a text as people count them."""
    return [str(one) for one in _CHARACTER.findall(text)]


def taken(text: str) -> str:
    """The text as it is kept: without spaces around it, and composed (NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def flaw(text: str, longest: int = MAX_LABEL, shortest: int = 1) -> str:
    """Why a text can be no name, as the end of a sentence; ``""`` where it can be one."""
    for pattern, kind in _REFUSED.items():
        found = pattern.search(text)
        if found is not None:
            return f"{kind} (U+{ord(found[0][0]):04X}) cannot be part of it"
    if len(text) > POINTS * longest:
        return (
            f"it is too long to be sent to others: {len(text)} of {POINTS * longest} code points, "
            "of which an emoji may take several"
        )
    counted = characters(text)
    if len(counted) > longest or len(counted) < shortest:
        return f"it has {len(counted)} characters, {shortest} to {longest} fit"
    if counted and not _SEEN.search(text):
        return "there is nothing to be seen in it"
    if any(len(one) > MAX_STACKED for one in counted):
        return f"more than {MAX_STACKED} marks and letters are stacked in one character"
    return ""


def presentable(text: str) -> str:
    """What is shown of a name that somebody else sent: what fits, without what is refused here."""
    text = taken(text[: 2 * POINTS * MAX_LABEL])
    for pattern in _REFUSED:
        text = pattern.sub("", text)
    shown = ""
    for one in characters(text)[:MAX_LABEL]:
        if len(shown) + len(one) > POINTS * MAX_LABEL:
            break
        if len(one) <= MAX_STACKED:
            shown += one
    shown = taken(shown)
    return "" if flaw(shown) else shown
