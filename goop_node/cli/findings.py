# SPDX-License-Identifier: MIT
"""What looks have found, printed for a person or for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator

from goop_node.config.model import StartError
from goop_node.escaping import escaped
from goop_node.findings import Finding, wrong
from goop_node.log_format import say
from goop_node.plugins.blame import describe
from goop_node.plugins.crossings import fit
from goop_node.plugins.faults import at

WIDTH = 10


def tell(findings: Iterable[Finding], *, as_json: bool) -> int:
    """Print each as it is found, or all of them as JSON. Returns 0, or 1 where one is wrong."""
    found = []
    for one in findings:
        found.append(one)
        if not as_json:
            say(f"{one.level:5}  {one.what:{WIDTH}}  {one.words}{at(one.place)}")
            if one.do:
                say(f"{'':5}  {'':{WIDTH}}  → {one.do}")
    if as_json:
        say(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    return 1 if any(one.level == "wrong" for one in found) else 0


def contained(what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a look finds; where it fails, that."""
    try:
        for one in look():
            yield fitted(one)
    except (Exception, SystemExit) as error:
        yield failed(what, error)


def fitted(given: object) -> Finding:
    """A finding as it may be shown. Raises ``Misfit`` for what is none."""
    told: Finding = fit(given, Finding, "what was found")
    words, do, place = (escaped(text) for text in (told.words, told.do, told.place))
    return dataclasses.replace(told, words=words, do=do, place=place)


def failed(what: str, error: BaseException) -> Finding:
    """A look that came to no end."""
    if isinstance(error, StartError):
        return wrong(what, "; ".join(error.lines))
    return wrong(what, f"could not be looked at: {describe(error)}")
