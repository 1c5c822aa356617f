# SPDX-License-Identifier: MIT
"""Who was blocked stays out, whatever becomes of the files and of the disk."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.data.kept_files import NotKeptError, aside_in
from goop_node.p2p.decisions import COPY, FILE, UNSURE, Decisions, write_decisions
from goop_node.p2p.friends import Friends
from goop_node.p2p.peers import PeerTable
from goop_node.p2p.people import People
from goop_node.types import NetworkError
from tests.unit.full_disk import STEPS, full_disk

BLOCKED = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
FRIEND = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
NAMED = "12D3KooWEyopopk2uVXyrpvWSPLcMSAmcbnuuyYqCpAAhRgPFoMk"
GOOD = json.dumps({"blocked": {BLOCKED: "Mallory"}, "reachable_by": "discovered"}).encode()
BAD = st.binary(max_size=40) | st.sampled_from(
    [
        b"",
        b"[]",
        b'{"blocked": 1}',
        b'{"reachable_by": "all"}',
        b'{"blocked": {"x": ""}}',
        GOOD[:-9],
    ]
)


def people(data: Path) -> tuple[People, PeerTable]:
    """As a start finds them. Who is blocked was a friend once."""
    table = PeerTable()
    return People(data, table, {NAMED: ("/ip4/1.2.3.4/tcp/1",)}, None), table


def is_readable(content: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return json.loads(content) == {}
    return False


@settings(max_examples=60)
@given(
    st.one_of(st.none(), st.just(GOOD), BAD),
    st.one_of(st.none(), st.just(GOOD), BAD),
    st.booleans(),
)
def test_a_damaged_file_lets_nobody_in(file: bytes | None, copy: bytes | None, full: bool) -> None:
    if (file is not None and is_readable(file)) or (copy is not None and is_readable(copy)):
        return  # somebody wrote down that nobody is blocked
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for peer in (BLOCKED, FRIEND):
            Friends(data / "friends.json").remember(peer, "/ip4/1.2.3.4/tcp/1")
        for name, content in ((FILE, file), (COPY, copy)):
            if content is not None:
                (data / name).write_bytes(content)
        for round_ in range(3):
            with full_disk() if full and round_ == 0 else contextlib.nullcontext():
                found, table = people(data)
            assert table.standing(NAMED) == "friend"
            if GOOD in (file, copy):
                assert table.standing(BLOCKED) == "blocked"
                assert table.standing(FRIEND) == "friend"
            elif file is copy is None:
                assert not found.unsure
            else:
                assert found.unsure
                assert found.reachable_by == "friends"
                assert table.standing(BLOCKED) == table.standing(FRIEND) == "unknown"


def test_the_person_is_told_and_chooses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Friends(tmp_path / "friends.json").remember(FRIEND)
    for name in (FILE, COPY):
        (tmp_path / name).write_text("[", encoding="ascii")
    found, table = people(tmp_path)
    assert UNSURE in caplog.text
    assert aside_in(tmp_path) == [f"{COPY}.bad", f"{FILE}.bad"]
    found.let_in("discovered")
    assert not found.unsure
    assert table.standing(FRIEND) == "friend"
    again, _ = people(tmp_path)
    assert not again.unsure
    assert again.reachable_by == "discovered"


def test_goop_toml_cannot_choose_for_the_person(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[", encoding="ascii")
    found = People(tmp_path, PeerTable(), {}, "discovered")
    assert found.reachable_by == "friends"
    found.let_in("friends")
    assert found.reachable_by == "discovered"
    with pytest.raises(NetworkError, match=r"goop\.toml"):
        found.let_in("friends")


@pytest.mark.parametrize("step", STEPS)
def test_on_a_full_disk_what_keeps_others_out_holds_and_nothing_else_changes(
    tmp_path: Path, step: str
) -> None:
    write_decisions(tmp_path, Decisions(blocked={BLOCKED: ""}))
    Friends(tmp_path / "friends.json").remember(FRIEND)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    found, table = people(tmp_path)
    with full_disk(step):
        for do in (
            lambda: found.unblock(BLOCKED),
            lambda: found.unfriend(FRIEND),
            lambda: found.befriend("12D3KooWQQQQQQQQQQQQ", "/ip4/1.2.3.4/tcp/1"),
        ):
            with pytest.raises(NotKeptError) as refused:
                do()
            assert "nothing was changed" in refused.value.words
        assert table.standing(BLOCKED) == "blocked"
        assert table.standing(FRIEND) == "friend"
        assert len(found.friends) == 1
        for do in (lambda: found.block(FRIEND), lambda: found.let_in("friends")):
            with pytest.raises(NotKeptError) as refused:
                do()
            assert "it holds now" in refused.value.words
        assert table.standing(FRIEND) == "blocked"
        assert found.reachable_by == "friends"
        with pytest.raises(NotKeptError):
            found.let_in("discovered")
        assert found.reachable_by == "friends"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_both_files_say_the_same(tmp_path: Path) -> None:
    found, _ = people(tmp_path)
    for number, do in enumerate(itertools.islice(itertools.cycle((found.block, found.unblock)), 4)):
        do(BLOCKED)
        assert (tmp_path / FILE).read_bytes() == (tmp_path / COPY).read_bytes()
        assert (BLOCKED in (tmp_path / FILE).read_text(encoding="ascii")) == (number % 2 == 0)
