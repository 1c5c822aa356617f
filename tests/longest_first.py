# SPDX-License-Identifier: MIT
"""The order of the tests: what takes longest begins first.

What begins last should not keep one process busy while the others have nothing to do any more.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = {
    "test_arcade_four.py",
    "test_attacked_nodes.py",
    "test_faults.py",
    "test_player_monkey.py",
    "test_rooms_simulation.py",
    "test_simulation.py",
}
"""Files with a test that takes half a minute and more."""


def spread(files: Sequence[str], processes: int) -> list[int]:
    """The order in which tests are handed out, as indices of ``files``, which has the name of each
    test's file.

    Each process first gets a share in one piece, all equally large; what another has left is
    taken from its end. So each share begins with some of the longest files, whole, because the
    tests of one may share nodes. Otherwise the order stays as it is.
    """
    longest: dict[str, list[int]] = {name: [] for name in files if name in LONGEST}
    rest: list[int] = []
    for index, name in enumerate(files):
        longest.get(name, rest).append(index)
    wholes = list(longest.values())
    order: list[int] = []
    for n in range(processes):
        share = (len(files) - len(order)) // (processes - n)
        first = [index for whole in wholes[n::processes] for index in whole]
        more = max(share - len(first), 0)
        order += first + rest[:more]
        del rest[:more]
    return order + rest
