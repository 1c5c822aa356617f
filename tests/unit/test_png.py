# SPDX-License-Identifier: MIT
"""Pictures of people: the pixels get through unchanged, and nothing else does."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.data.kept_files import NotKeptError
from goop_node.data.own_avatar import FILE, OwnAvatar
from goop_node.goop2 import png
from goop_node.goop2.png import cleaned, fingerprint
from tests.unit.full_disk import full_disk

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def head(width: int, height: int, depth: int = 8, colour: int = 6, interlaced: int = 0) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return chunk(b"IHDR", body)


def rows(width: int, height: int, depth: int = 8, colour: int = 6) -> bytes:
    size = (width * SAMPLES[colour] * depth + 7) // 8
    return b"".join(bytes([n % 5]) + bytes(size) for n in range(height))


def file(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


PIXELS = chunk(b"IDAT", zlib.compress(rows(4, 3)))
END = chunk(b"IEND", b"")
PLAIN = file(head(4, 3), PIXELS, END)
PALETTE = chunk(b"PLTE", bytes(6))
TWO = chunk(b"IDAT", zlib.compress(rows(4, 3, 1, 3)))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A picture, and the same with what a person need not tell."""
    colour = draw(st.sampled_from(sorted(SAMPLES)))
    depth = draw(st.sampled_from(DEPTHS[colour]))
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    packed = zlib.compress(rows(width, height, depth, colour), draw(st.integers(0, 9)))
    begin = [head(width, height, depth, colour)]
    if colour == 3:
        begin.append(chunk(b"PLTE", bytes(3 * draw(st.integers(1, 2**depth)))))
        if draw(st.booleans()):
            begin.append(chunk(b"tRNS", b"\0"))
    elif colour in (0, 2) and draw(st.booleans()):
        begin.append(chunk(b"tRNS", bytes(2 * SAMPLES[colour])))
    cut = draw(st.integers(0, len(packed)))
    told = st.sampled_from([b"tEXt", b"eXIf", b"tIME", b"iCCP", b"zzZz", b"acTL"])
    more = [chunk(draw(told), draw(st.binary(max_size=20))) for _ in range(draw(st.integers(0, 3)))]
    parts = [chunk(b"IDAT", packed[:cut]), chunk(b"IDAT", packed[cut:])]
    return (
        file(*begin, chunk(b"IDAT", packed), END),
        file(*begin, *more, *parts, *more, END),
    )


@given(pictures())
def test_the_picture_is_kept_and_what_stands_beside_it_is_not(both: tuple[bytes, bytes]) -> None:
    plain, told = both
    assert cleaned(told) == cleaned(plain) == plain
    assert len(fingerprint(plain)) == 16


@given(st.data())
def test_a_picture_in_which_anything_is_changed_is_refused_or_the_same(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(PLAIN) - 1))
    changed = bytearray(PLAIN)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match=r"^(it|its|something|I|P|t)"):
        cleaned(bytes(changed))
    with pytest.raises(ValueError, match=r"^it"):
        cleaned(PLAIN[:at])


@given(st.binary(max_size=300))
def test_bytes_are_refused_in_words(data: bytes) -> None:
    for each in (data, png.SIGNATURE + data):
        with pytest.raises(ValueError, match=r"^it"):
            cleaned(each)


@pytest.mark.parametrize(
    "wrong",
    [
        file(),
        file(END),
        file(head(4, 3), END),
        file(head(4, 3), PIXELS),
        file(head(4, 3), PIXELS, END, END),
        file(head(4, 3), PIXELS, chunk(b"IEND", b"x")),
        file(PIXELS, head(4, 3), END),
        file(head(4, 3), head(4, 3), PIXELS, END),
        file(head(4, 3), PIXELS, chunk(b"tEXt", b""), PIXELS, END),
        file(head(4, 3), PIXELS, PALETTE, END),
        file(head(4, 3), chunk(b"NEWs", b""), PIXELS, END),
        file(head(4, 4), PIXELS, END),
        file(head(4, 2), PIXELS, END),
        file(head(0, 3), PIXELS, END),
        file(head(1025, 1), chunk(b"IDAT", zlib.compress(rows(1025, 1))), END),
        file(head(2**31, 2**31), PIXELS, END),
        file(head(4, 3, 3), PIXELS, END),
        file(head(4, 3, 8, 5), PIXELS, END),
        file(head(4, 3, interlaced=1), PIXELS, END),
        file(chunk(b"IHDR", b"short"), PIXELS, END),
        file(head(4, 3), chunk(b"IDAT", b"no deflate"), END),
        file(head(4, 3), chunk(b"IDAT", zlib.compress(rows(4, 3)) + b"more"), END),
        file(head(4, 3), chunk(b"IDAT", zlib.compress(rows(4, 3))[:-2]), END),
        file(head(4, 3), chunk(b"IDAT", zlib.compress(b"\x05" + rows(4, 3)[1:])), END),
        file(head(4, 3, 1, 3), TWO, END),
        file(head(4, 3, 1, 3), chunk(b"PLTE", bytes(9)), TWO, END),
        file(head(4, 3, 1, 3), chunk(b"PLTE", bytes(5)), TWO, END),
        file(head(4, 3, 1, 3), PALETTE, chunk(b"tRNS", bytes(3)), TWO, END),
        file(head(4, 3), chunk(b"tRNS", bytes(2)), PIXELS, END),
        PLAIN + b"\0" * png.MAX_BYTES,
    ],
)
def test_what_a_decoder_could_stumble_over_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|its|something|IDAT|IHDR|PLTE)"):
        cleaned(wrong)


def test_a_small_file_unpacks_to_no_more_than_it_says() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    assert len(bomb) < png.MAX_BYTES
    with pytest.raises(ValueError, match="its pixels"):
        cleaned(file(head(4, 3), chunk(b"IDAT", bomb), END))


def test_what_was_given_is_there_after_a_start_until_it_is_taken_away(tmp_path: Path) -> None:
    avatar = OwnAvatar(tmp_path)
    assert (avatar.picture, avatar.hash) == (None, "")
    avatar.set(file(head(4, 3), chunk(b"tEXt", b"where\0at home"), PIXELS, END))
    assert OwnAvatar(tmp_path).picture == avatar.picture == PLAIN
    assert OwnAvatar(tmp_path).hash == avatar.hash == fingerprint(PLAIN)
    with pytest.raises(ValueError, match="no PNG"):
        avatar.set(b"GIF89a")
    for step in ("write", "replace"):
        with full_disk(step), pytest.raises(NotKeptError):
            avatar.set(file(head(4, 4), chunk(b"IDAT", zlib.compress(rows(4, 4))), END))
    assert OwnAvatar(tmp_path).picture == avatar.picture == PLAIN
    avatar.remove()
    avatar.remove()
    assert OwnAvatar(tmp_path).picture is avatar.picture is None


def test_a_file_that_is_no_picture_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(PLAIN[:-1])
    assert OwnAvatar(tmp_path).picture is None
    assert [one.name for one in tmp_path.iterdir()] == [f"{FILE}.bad"]
