# SPDX-License-Identifier: MIT
"""What was granted: to whom, where it is kept, and when it is void."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.templates.grants import FILE, Brought, Grants, NotAskedError, SetInFileError
from goop_node.templates.permissions import Permission, parse
from goop_node.types import Template

CHESS, CAMERA = parse("context:chess"), parse("camera")
ASKABLE = ("context:chess", "context:arcade", "camera")


def template(
    name: str, *asks: str, folder: str = "/x", plugin: str = "", distribution: str = ""
) -> Brought:
    """A template that somebody brings."""
    made = Template(name=name, title=name, folder=Path(folder), permissions=frozenset(asks))
    return Brought(template=made, plugin=plugin, distribution=distribution)


def test_a_grant_holds_for_what_was_asked_and_survives_a_restart(tmp_path: Path) -> None:
    brought = [template("ping", "context:chess", "camera"), template("pong")]
    grants = Grants(tmp_path, brought, {})
    told: list[int] = []
    grants.subscribe(lambda: told.append(1))
    assert grants.granted("ping") == frozenset()
    grants.grant("ping", CHESS)
    assert grants.granted("ping") == {CHESS}
    assert grants.contexts("ping") == {"chess"}
    assert (grants.by("ping", CHESS), grants.by("ping", CAMERA)) == ("home", "")
    assert Grants(tmp_path, brought, {}).granted("ping") == {CHESS}
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    grants.revoke("ping", CHESS)
    assert grants.granted("ping") == Grants(tmp_path, brought, {}).granted("ping") == frozenset()
    assert told == [1, 1]


@pytest.mark.parametrize(("name", "permission"), [("pong", CHESS), ("nobody", CHESS)])
def test_only_what_is_asked_can_be_granted(
    tmp_path: Path, name: str, permission: Permission
) -> None:
    grants = Grants(tmp_path, [template("ping", "context:chess"), template("pong")], {})
    with pytest.raises(NotAskedError):
        grants.grant(name, permission)
    assert not (tmp_path / FILE).exists()


def test_what_the_file_grants_needs_no_asking_and_is_taken_back_there(tmp_path: Path) -> None:
    grants = Grants(tmp_path, [template("ping")], {"ping": frozenset({CHESS})})
    assert grants.granted("ping") == grants.asked("ping") == {CHESS}
    assert grants.by("ping", CHESS) == "file"
    with pytest.raises(SetInFileError, match=r"take it out of \[templates.ping\]"):
        grants.revoke("ping", CHESS)
    assert grants.granted("ping") == {CHESS}


def test_a_name_in_the_file_that_no_template_has_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        grants = Grants(tmp_path, [template("ping")], {"pinng": frozenset({CHESS})})
    assert '[templates.pinng]: there is no such template here; did you mean "ping"?' in caplog.text
    assert grants.granted("pinng") == frozenset()


@pytest.mark.parametrize(
    "other",
    [
        template("ping", "context:chess", folder="/y"),
        template("ping", "context:chess", plugin="ping", distribution="goop-ping"),
        template("ping", "camera"),
    ],
)
def test_another_template_of_that_name_is_asked_anew(tmp_path: Path, other: Brought) -> None:
    first = template("ping", "context:chess", "camera")
    Grants(tmp_path, [first], {}).grant("ping", CHESS)
    assert Grants(tmp_path, [other], {}).granted("ping") == frozenset()
    # For good: not even the first one gets it back.
    assert Grants(tmp_path, [first], {}).granted("ping") == frozenset()


def test_a_template_that_is_away_for_a_while_keeps_its_grant(tmp_path: Path) -> None:
    ping = template("ping", "context:chess")
    Grants(tmp_path, [ping], {}).grant("ping", CHESS)
    away = Grants(tmp_path, [], {})
    assert away.granted("ping") == frozenset()
    assert Grants(tmp_path, [ping], {}).granted("ping") == {CHESS}


def test_a_link_leads_to_the_folder_that_the_grant_is_bound_to(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link = tmp_path / "ping"
    link.symlink_to(tmp_path / "one")
    ping = template("ping", "context:chess", folder=str(link))
    Grants(tmp_path, [ping], {}).grant("ping", CHESS)
    link.unlink()
    link.symlink_to(tmp_path / "two")
    assert Grants(tmp_path, [ping], {}).granted("ping") == frozenset()


BAD = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(ASKABLE),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["ping", "source", "permissions", "x"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(BAD)
def test_any_file_is_taken_or_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    grants = Grants(tmp_path, [template("ping", *ASKABLE)], {})
    assert {str(one) for one in grants.granted("ping")} <= set(ASKABLE)
    grants.grant("ping", CHESS)
    assert Grants(tmp_path, [template("ping", *ASKABLE)], {}).granted("ping") >= {CHESS}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["grant", "revoke"]), st.sampled_from(ASKABLE)),
        st.tuples(
            st.just("restart"),
            st.tuples(st.sampled_from(["/x", "/y"]), st.sets(st.sampled_from(ASKABLE))),
        ),
    ),
    max_size=12,
)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS, st.sets(st.sampled_from(ASKABLE)))
def test_grants_are_what_was_granted_since_the_template_is_this_one(
    tmp_path: Path, steps: list[tuple[str, Any]], in_file: set[str]
) -> None:
    (tmp_path / FILE).unlink(missing_ok=True)
    allowed = {"ping": frozenset(map(parse, in_file))}
    folder, asks = "/x", set(ASKABLE)
    grants = Grants(tmp_path, [template("ping", *asks, folder=folder)], allowed)
    held: set[str] = set()
    for step, what in steps:
        if step == "grant" and what in asks:
            grants.grant("ping", parse(what))
            held.add(what)
        elif step == "revoke" and what not in in_file:
            grants.revoke("ping", parse(what))
            held.discard(what)
        elif step == "restart":
            held = held & what[1] if what[0] == folder else set()
            folder, asks = what
            grants = Grants(tmp_path, [template("ping", *asks, folder=folder)], allowed)
        assert {str(one) for one in grants.granted("ping")} == held | in_file
        assert {str(one) for one in grants.asked("ping")} == asks | in_file
