# SPDX-License-Identifier: MIT
"""Normal paths, and that the framework understands each of them as it stands."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from litestar.utils import normalize_path

from goop_node.web.paths import normal_path
from tests.unit.spellings import misspelled

PIECES = (
    r"/ // . .. %2e %2F %5c \ % %25 ; a %61 api %00 é %C3%A9 %c3 %EF%BC%8F ? # self [1] ~ %7E"
).split()
UNENCODED = "!$&'()*+,=:@[]^|"


RAW = st.one_of(
    st.binary(max_size=40), st.lists(st.sampled_from(PIECES)).map("".join).map(str.encode)
)
NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1
).filter(lambda name: name not in (".", ".."))


@given(RAW)
def test_what_is_normal_stands_for_itself(raw: bytes) -> None:
    path = normal_path(raw)
    if path is None:
        return
    # The framework folds nothing of it, but for one slash at the end.
    assert normalize_path(path) in (path, path[:-1])
    assert path.startswith("/")
    assert not {".", ".."} & set(path.split("/"))
    assert not any(char in "\\;?#\0\x7f" or char < " " for char in raw.decode())
    # One spelling: encoded anew it is the same, where nothing was encoded without need.
    again = quote(path, safe="/" + UNENCODED)
    assert normal_path(again.encode()) == path


@given(st.lists(NAMES, max_size=4))
def test_every_name_that_a_file_can_have_has_a_spelling(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert normal_path(quote(path).encode()) == path


def test_examples() -> None:
    for raw, path in {
        "/": "/",
        "/chess/": "/chess/",
        "/caf%C3%A9.png": "/café.png",
        "/caf%c3%a9.png": "/café.png",
        "/a%20b%3Bc": "/a b;c",
        "/100%25": "/100%",
        "/a[1]^|.png": "/a[1]^|.png",
        "/...": "/...",
        "/.well-known/x": "/.well-known/x",
    }.items():
        assert normal_path(raw.encode()) == path
    for spelled in misspelled("/api/chess/games/G/abandon"):
        assert normal_path(spelled) in (None, "/api/chess/games/G/abandon/")
