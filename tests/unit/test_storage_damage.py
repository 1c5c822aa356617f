# SPDX-License-Identifier: MIT
"""Whatever becomes of a database file: it opens, in words, with what is intact."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.data.storage import Database, StorageError, open_database
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.memory import everything
from goop_realtime.model.effects import Outgoing, SaveOutgoing
from goop_realtime.model.jsonio import MAX_DEPTH, decode
from goop_realtime.model.stored import Stored
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.testing import World

PAGE = 4096
ROWS_OF_A_PAGE = 40
ROOT_OF_ENTRIES = 3
VERSION_AT = range(60, 64)
"""Where the header has the version: changed a little, it is a newer program's."""


def written(path: Path) -> None:
    """A journal at ``path`` with three channels and their messages; one is long."""
    world = World(9)
    alice, bob = world.node("alice"), world.node("bob")
    pages = [alice.page("a"), bob.page("b")]
    for n in range(3):
        channel = alice.ask("bob", new=True)
        world.run(500)
        bob.accept(channel)
        world.run(1_000)
        for k in range(150 if n == 1 else 12):
            pages[k % 2].send(channel, {"k": k, "text": "x" * 60})
        world.run(3_000)
    with contextlib.closing(open_database(path, MIGRATIONS)) as database:
        journal = Journal(database)
        journal.next_epoch(world.now)
        assert not journal.commit(everything(alice.engine.core))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a sound journal."""
    path = tmp_path_factory.mktemp("sound") / "realtime.sqlite3"
    written(path)
    return path.read_bytes()


def loaded(path: Path) -> tuple[dict[str, Stored], list[str]]:
    """What a start finds."""
    with contextlib.closing(open_database(path, MIGRATIONS)) as database:
        journal = Journal(database)
        journal.next_epoch(1)
        return journal.load(), journal.flaws


def flip(content: bytearray, at: int, chance: random.Random) -> None:
    content[at] ^= 1 << chance.randrange(8)


def scribble(content: bytearray, at: int, chance: random.Random) -> None:
    content[at : at + 64] = chance.randbytes(len(content[at : at + 64]))


def wipe(content: bytearray, at: int, chance: random.Random) -> None:
    start = at // PAGE * PAGE
    content[start : start + PAGE] = bytes(len(content[start : start + PAGE]))


def truncate(content: bytearray, at: int, chance: random.Random) -> None:
    del content[at:]


DAMAGE: list[Callable[[bytearray, int, random.Random], None]] = [flip, scribble, wipe, truncate]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(DAMAGE), st.floats(0, 0.9999)), min_size=1, max_size=6),
    st.integers(0, 2**32),
)
def test_a_start_survives_any_damage_and_has_only_what_was_there(
    sound: bytes,
    blows: list[tuple[Callable[[bytearray, int, random.Random], None], float]],
    seed: int,
) -> None:
    content, chance = bytearray(sound), random.Random(seed)
    for blow, where in blows:
        if content:
            blow(content, int(where * len(content)), chance)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.sqlite3"
        whole.write_bytes(sound)
        before, _ = loaded(whole)
        path = Path(folder) / "realtime.sqlite3"
        path.write_bytes(content)
        if any(at < len(content) and content[at] != sound[at] for at in VERSION_AT):
            with contextlib.suppress(StorageError):  # it may be a newer program's, then
                loaded(path)
            return
        stored, _ = loaded(path)
        for kept in stored.values():
            numbers = [entry.seq for entry in kept.entries]
            assert numbers == list(range(kept.start[1] + 1, kept.start[1] + 1 + len(numbers)))
            assert all(decode(entry.raw) is not ... for entry in kept.entries)
        again, _ = loaded(path)
        assert again.keys() == stored.keys()
        assert len(before) == 3


@pytest.mark.parametrize("page", range(12))
def test_what_one_wiped_page_does_not_hold_is_there(
    sound: bytes, page: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(sound)
    if page * PAGE >= len(content):
        pytest.skip("the file is shorter")
    wipe(content, page * PAGE, random.Random(0))
    whole, path = tmp_path / "whole.sqlite3", tmp_path / "realtime.sqlite3"
    whole.write_bytes(sound)
    path.write_bytes(content)
    before, _ = loaded(whole)
    stored, _ = loaded(path)
    assert "set aside" in caplog.text
    assert stored.keys() == before.keys() or not stored, "the channels' own rows are one page"
    with contextlib.closing(open_database(path, MIGRATIONS)) as database:
        (rows,) = database.execute("SELECT count(*) FROM entries").fetchone()
    total = sum(len(kept.entries) for kept in before.values())
    # The rows below the page that leads to them cannot be found without it.
    assert rows >= total - ROWS_OF_A_PAGE or page == ROOT_OF_ENTRIES


@pytest.mark.parametrize("word", [b"msg", b"close", b"alice"])
def test_a_damaged_text_spoils_no_start(sound: bytes, word: bytes, tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    path.write_bytes(sound.replace(word, b"\xff" + word[1:]))
    before, _ = loaded(path)
    again, _ = loaded(path)
    assert again.keys() == before.keys()


def test_a_schema_that_is_no_text_is_damage(sound: bytes, tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    path.write_bytes(sound.replace(b"CREATE TABLE cursors (", b"CREATE TABLE cur'\xb7rs ("))
    stored, _ = loaded(path)
    assert sum(len(kept.entries) for kept in stored.values()) > 100


def test_of_a_damaged_file_every_row_is_saved_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "chess.sqlite3"
    table = "CREATE TABLE games (n INTEGER PRIMARY KEY, state TEXT NOT NULL);"
    with contextlib.closing(open_database(path, [table])) as database:
        database.executemany(
            "INSERT INTO games VALUES (?, ?)", [(n, f"{n}" * 200) for n in range(1000)]
        )
    content = bytearray(path.read_bytes())
    middle = len(content) // PAGE // 2 * PAGE
    content[middle : middle + PAGE] = b"\xff" * PAGE
    path.write_bytes(content)
    with contextlib.closing(open_database(path, [table])) as database:
        found = {row[0] for row in database.execute("SELECT n FROM games")}
    assert 900 < len(found) < 1000
    assert {0, 999} <= found


def test_a_version_that_does_not_fit_what_is_there_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    scripts = ["CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1);", "CREATE TABLE u (y);"]
    with contextlib.closing(open_database(path, scripts)) as database:
        database.execute("INSERT INTO t VALUES (2)")
        database.execute("PRAGMA user_version = 0")
    with contextlib.closing(open_database(path, scripts)) as database:
        assert sorted(database.execute("SELECT x FROM t")) == [(1,), (1,), (2,)]
    assert (tmp_path / "a.sqlite3.bad").exists()


def test_everything_in_memory_makes_the_same_channels_again(tmp_path: Path) -> None:
    """The records of a core's memory, read back, are what the journal had of it."""
    world = World(4)
    alice, bob = world.node("alice"), world.node("bob")
    a, b = alice.page("a"), bob.page("b")
    channel = alice.ask("bob", "tally_1")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    for n in range(1_500):
        (a, b)[n % 2].send(channel, {"type": "add", "n": (0, 1, 4)[n % 3]})
        if n % 50 == 0:
            world.run(1_000)
    world.cut()
    for _ in range(5):
        a.send(channel, {"type": "add", "n": 0})
        b.send(channel, {"type": "add", "n": 0})
    for node in (alice, bob):
        node.flush()
        core: dict[str, Channel] = node.engine.core.channels
        assert core[channel].log.start[1] > 0
        before = node.journal.load()
        with contextlib.closing(open_database(tmp_path / node.peer_id, MIGRATIONS)) as database:
            journal = Journal(database)
            assert isinstance(database, Database)
            assert not journal.commit(everything(node.engine.core))
            after = journal.load()
            assert journal.flaws == []
        assert after.keys() == before.keys()
        for name, kept in after.items():
            was = before[name]
            assert (kept.row, kept.start, kept.snapshot) == (was.row, was.start, was.snapshot)
            assert (kept.entries, kept.outbox) == (was.entries, was.outbox)
            assert {one[1] for one in kept.outcomes} >= {one[1] for one in was.outcomes[-900:]}


def test_a_word_of_another_program_is_no_value(tmp_path: Path) -> None:
    """What somebody has written into the rows themselves is checked like anything from outside."""
    path = tmp_path / "realtime.sqlite3"
    written(path)
    before, _ = loaded(path)
    ids = list(before)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "UPDATE entries SET at = 9007199254740993 WHERE channel = ? AND seq = 5", (ids[0],)
        )
        other.execute("UPDATE entries SET raw = '{' WHERE channel = ? AND seq = 7", (ids[1],))
        other.execute("UPDATE channels SET row = '{}' WHERE id = ?", (ids[2],))
        other.execute("INSERT INTO cursors VALUES ('rt-no', 'bob', 'handled', -1)")
    stored, flaws = loaded(path)
    assert set(stored) == set(ids[:2])
    assert [len(stored[one].entries) for one in ids[:2]] == [4, 6]
    assert len(flaws) == 3
    assert ids[0] in " ".join(flaws)


def test_words_of_somebody_who_takes_no_part_are_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    written(path)
    channel = next(iter(loaded(path)[0]))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        of = "WHERE channel = ? AND seq = 3"
        other.execute(f"UPDATE entries SET author = 'mallory' {of}", (channel,))
        other.execute(
            "INSERT INTO outcomes (channel, author, id, epoch, seq, code, reason, pointer)"
            " VALUES (?, 'mallory', 'm-1', 0, 0, 'no', '', '')",
            (channel,),
        )
    stored, flaws = loaded(path)
    assert [entry.seq for entry in stored[channel].entries] == [1, 2]
    assert stored[channel].outcomes == []
    assert "mallory" in flaws[0]


def test_a_row_whose_people_are_not_two_is_none_and_one_with_the_deepest_values_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "realtime.sqlite3"
    written(path)
    alone, stranger, deep = loaded(path)[0]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        row = "CAST(json_set(CAST(row AS TEXT), {}) AS BLOB)"
        set_row = f"UPDATE channels SET row = {row} WHERE id = ?"
        twice = "'$.peers', json_array('alice', 'alice'), '$.host', 'alice', '$.opener', 'alice'"
        other.execute(set_row.format(twice), (alone,))
        other.execute(set_row.format("'$.opener', 'mallory'"), (stranger,))
        state = "[" * MAX_DEPTH + "]" * MAX_DEPTH
        other.execute(set_row.format(f"'$.base', json('{state}')"), (deep,))
    stored, flaws = loaded(path)
    assert list(stored) == [deep]
    assert len(flaws) == 2
    assert "twice" in flaws[0]
    assert "mallory" in flaws[1]


def test_another_ones_log_beside_a_file_hides_nothing_of_it(sound: bytes, tmp_path: Path) -> None:
    """As after putting a copy of the file back where a log of a later time was left behind."""
    path, other = tmp_path / "realtime.sqlite3", tmp_path / "other.sqlite3"
    path.write_bytes(sound)
    before, _ = loaded(path)
    with contextlib.closing(open_database(other, MIGRATIONS)) as database:
        for n in range(50):
            database.execute("INSERT INTO channels VALUES (?, ?)", (f"other {n}", b"{}"))
        log = Path(f"{other}-wal").read_bytes()
    Path(f"{path}-wal").write_bytes(log)
    after, _ = loaded(path)
    for channel, kept in before.items():
        assert [one.id for one in after[channel].entries] == [one.id for one in kept.entries]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE outcomes",
        "DROP TABLE outcomes; CREATE VIEW outcomes AS SELECT 1",
        "DROP TABLE outcomes; CREATE TABLE outcomes (something INTEGER)",
        "ALTER TABLE outcomes RENAME COLUMN pointer TO another",
    ],
)
def test_a_table_that_is_another_one_is_made_anew_and_the_others_stay(
    sound: bytes, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "realtime.sqlite3"
    path.write_bytes(sound)
    before, _ = loaded(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(change)
    after, _ = loaded(path)
    assert after.keys() == before.keys()
    for channel, kept in before.items():
        assert after[channel].entries == kept.entries


def test_what_has_its_place_is_not_said_again_though_both_were_saved() -> None:
    world = World(5)
    alice, bob = world.node("alice"), world.node("bob")
    page = alice.page("a")
    bob.page("b")
    channel = alice.ask("bob")
    world.run(500)
    bob.accept(channel)
    world.run(1_000)
    for n in range(5):
        page.send(channel, n)
    world.run(2_000)
    entries = list(alice.engine.core.channels[channel].log.after(0))
    alice.journal.commit(
        [SaveOutgoing(channel, Outgoing(one.id, one.at, one.kind, one.raw)) for one in entries]
    )
    alice.crash()
    alice.start()
    world.run(5_000)
    for node in (alice, bob):
        found = [one.id for one in node.engine.core.channels[channel].log.after(0)]
        assert found == [one.id for one in entries]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no devices here")
def test_a_device_in_a_databases_place_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.symlink_to("/dev/zero")
    with pytest.raises(StorageError, match="cannot be mended"):
        open_database(path, ["CREATE TABLE t (a)"])
