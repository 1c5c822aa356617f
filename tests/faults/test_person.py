# SPDX-License-Identifier: MIT
"""The ledger of the fault tests notices what it is there to notice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.person import Document, Doubt, Person


def hear(person: Person, page: Document, seq: int, n: int, **more: Any) -> None:
    """A message of the other side's page ``b1``."""
    person.note(page, {"epoch": 1, "seq": seq, "data": {"page": "b1", "n": n}, **more})


@pytest.fixture
def person() -> Person:
    """Somebody who has heard b1's first two messages."""
    nobody: Any = None
    made = Person("a", "", nobody)
    hear(made, made.page, 1, 1)
    hear(made, made.page, 2, 2)
    return made


def test_what_follows_is_fine(person: Person) -> None:
    hear(person, person.page, 4, 3)
    assert person.heard == {"b1": 3}


def test_a_lost_message_is_noticed(person: Person) -> None:
    with pytest.raises(Doubt, match="hears b1's 4 after 2"):
        hear(person, person.page, 4, 4)


def test_a_doubled_message_is_noticed(person: Person) -> None:
    with pytest.raises(Doubt, match="hears b1's 2 after 2"):
        hear(person, person.page, 3, 2)


def test_the_order_of_the_log_is_looked_at(person: Person) -> None:
    with pytest.raises(Doubt, match="after"):
        hear(person, person.page, 2, 3)


def test_only_another_page_may_hear_again_what_is_marked(person: Person) -> None:
    hear(person, Document("a"), 2, 2, redelivered=True)
    with pytest.raises(Doubt):
        hear(person, Document("a"), 2, 2)
    with pytest.raises(Doubt):
        hear(person, person.page, 2, 2, redelivered=True)


def test_a_new_page_hears_what_the_one_before_it_sent_behind_the_unread(person: Person) -> None:
    old = person.page.id
    person.reload()
    sent = {"page": old, "n": 7}
    person.note(person.page, {"epoch": 1, "seq": 3, "data": sent})
    with pytest.raises(Doubt, match=f"hears {old}'s 9 after 7"):
        person.note(person.page, {"epoch": 1, "seq": 4, "data": {**sent, "n": 9}})
