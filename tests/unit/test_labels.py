# SPDX-License-Identifier: MIT
"""Names: any text that can be seen, in any script, counted as people count."""

from __future__ import annotations

import json
import sys
import unicodedata

import msgspec
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from goop_node.config import values
from goop_node.data.own_label import keep_label
from goop_node.labels import MAX_LABEL, POINTS, characters, flaw, presentable, taken
from goop_node.p2p.presence import Presence, parse

GOOD = {
    "Alice": 5,
    "Zoë Müller-O’Neill": 18,
    "日本太郎": 4,
    "محمد": 4,
    "نسرین\u200cزاده": 9,
    "שָׁלוֹם": 4,
    "क्षत्रिय": 3,
    "ශ්‍රී ලංකා": 5,
    "தமிழ்": 3,
    "ᠮᠣᠩᠭᠣᠯ\u180eᠠ": 8,
    "김철수": 3,
    "ＡＢＣ": 3,
    "👨‍👩‍👧‍👦": 1,
    "👩🏻‍❤️‍💋‍👩🏼": 1,
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿": 1,
    "🇩🇪🇫🇷": 2,
    "1️⃣❤️": 2,
    "⚡️🏳️‍🌈👁️‍🗨️": 3,
    "葛\U000e0100城": 2,
    "র\u200d্যাব": 2,
    "ന്\u200d": 1,
    "ᠭ\u180bᠠ": 2,
    "👨‍👩‍👧‍👦" * 36: 36,
    "e\u0301" * 64: 64,
    "﷽": 1,
}
"""Names, and how many characters people see."""
BAD = {
    "": "1 to 64 fit",
    "x" * 65: "it has 65 characters, 1 to 64 fit",
    "👨‍👩‍👧‍👦" * 64: "448 of 256 code points",
    "a\nb": "a control character or a line break (U+000A)",
    "a\u2028b": "(U+2028)",
    "a\x1b[2J": "(U+001B)",
    "a\x9b": "(U+009B)",
    "\ufdd0": "(U+FDD0)",
    "\udcff": "(U+DCFF)",
    "evil\u202egnp.exe": "turns the direction of the text around it (U+202E)",
    "\u2067x\u2069": "(U+2067)",
    "x\u200f": "(U+200F)",
    "Ali\u200bce": "an invisible character (U+200B)",
    "Ali\u00adce": "(U+00AD)",
    "\ufeffAlice": "(U+FEFF)",
    "\u3164": "(U+3164)",
    "A\U000e0041": "(U+E0041)",
    "\u200d": "an invisible character (U+200D)",
    "Ali\u200dce": "(U+200D)",
    "🙂\u200d": "(U+200D)",
    "نسرین\u200c\u200cزاده": "(U+200C)",
    "Alice\ufe0f": "(U+FE0F)",
    "1\ufe0f": "(U+FE0F)",
    "葛\ufe0f": "(U+FE0F)",
    "Ali\u034fce": "(U+034F)",
    "Alice\U000e0101": "(U+E0101)",
    "Al\u180bice": "(U+180B)",
    "Ali\u2065ce": "(U+2065)",
    "\u2800\u2800": "nothing to be seen",
    "\u0301": "nothing to be seen",
    "\ue000": "private use (U+E000)",
    "z" + "\u0352" * 40: "stacked in one character",
}


UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")


@given(
    st.text(st.sampled_from("aZ1#éльñ日本カ김 -.’"), min_size=1, max_size=6),
    st.integers(0, 6),
    st.sampled_from([one for one in map(chr, range(sys.maxunicode + 1)) if UNSEEN.match(one)]),
)
def test_no_name_looks_like_another_by_what_is_not_seen(name: str, at: int, unseen: str) -> None:
    name = taken(name)
    other = taken(name[:at] + unseen + name[at:])
    variant = "\u4e00" <= name[:at][-1:] <= "\u9fff" and unseen >= "\ufe00"
    if other != name and not variant:
        assert flaw(other)
        assert presentable(other) in (presentable(name), "")


@pytest.mark.parametrize("name", GOOD)
def test_any_script_and_emoji(name: str) -> None:
    assert flaw(taken(name)) == ""
    assert len(characters(name)) == GOOD[name]
    assert presentable(name) == values.label(f" {name} ") == taken(name)


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_is_refused_with_the_reason(name: str) -> None:
    assert BAD[name] in flaw(taken(name))
    with pytest.raises(values.Mistake, match="expected a name of 1 to 64 characters"):
        values.label(name)


ODD = st.text(
    st.characters() | st.sampled_from("".join(BAD) + "".join(GOOD)), max_size=3 * POINTS * MAX_LABEL
)


@given(ODD)
def test_what_is_shown_of_a_name_could_be_chosen(name: str) -> None:
    shown = presentable(name)
    assert shown == "" or flaw(shown) == ""
    assert presentable(shown) == shown
    if flaw(taken(name)) == "":
        assert shown == taken(name)


@given(ODD)
def test_what_is_taken_reaches_the_others_as_it_is(name: str) -> None:
    try:
        label = values.label(name)
    except values.Mistake:
        return
    assert len(label) <= 256
    assert unicodedata.is_normalized("NFC", label)
    message = msgspec.json.encode(Presence(type="online", peer_id="x", content=label))
    heard = parse(message, "x")
    assert heard is not None
    assert heard.content == label


@given(ODD)
def test_nothing_of_a_name_acts_on_what_stands_around_it(name: str) -> None:
    for char in presentable(name):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp", "Co"), ascii(char)
        assert unicodedata.bidirectional(char) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
        ), ascii(char)


def test_home_is_told_the_reason(tmp_path: object) -> None:
    with pytest.raises(ValueError, match=r"This cannot be a name: .*U\+202E"):
        keep_label(tmp_path, "a\u202eb")  # type: ignore[arg-type]


def test_a_name_of_an_older_peer_is_cut_between_characters() -> None:
    family = "👨‍👩‍👧‍👦"
    content = json.dumps({"type": "online", "peerId": "x", "content": family * 100})
    heard = parse(content.encode(), "x")
    assert heard is not None
    assert heard.content == family * 36
