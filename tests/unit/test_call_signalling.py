# SPDX-License-Identifier: MIT
"""Real descriptions and candidates pass; broken ones are refused, and nothing of them crashes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from ipaddress import IPv6Address

import pytest

from goop_video_call.candidates import (
    MAX_CANDIDATE,
    MAX_EXTENSIONS,
    CandidateError,
    check_candidate,
)
from goop_video_call.descriptions import MAX_CANDIDATES, check_description
from goop_video_call.sdp import MAX_LINES, MAX_SDP, MAX_SECTIONS, SdpError, parse
from tests.signalling.calls import CALLS, Line, candidates, descriptions

OFFERS, ANSWERS, CANDIDATES = (
    descriptions("sdp_offer"),
    descriptions("sdp_answer"),
    candidates(),
)
MUTATED = 2000


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_others_signal_passes(name: str) -> None:
    line = Line()
    for who, message in CALLS[name]:
        assert line.refusal(who, message) is None
    assert line.phase == "connected"


def test_there_is_enough_of_each_kind() -> None:
    assert (len(OFFERS) > 20, len(ANSWERS) > 20, len(CANDIDATES) > 200) == (True, True, True)
    assert {line.split(" ")[2].lower() for line in CANDIDATES} == {"udp", "tcp"}


CANDIDATE = "candidate:1 1 udp 2113937151 192.0.2.1 5000 typ host"
MORE = [
    CANDIDATE.replace("192.0.2.1", "fe80::1"),
    CANDIDATE.replace("192.0.2.1", "fe80::1%en0"),
    CANDIDATE.replace("192.0.2.1", "::ffff:192.0.2.1"),
    CANDIDATE.replace("192.0.2.1", "3f0c.local"),
    CANDIDATE + " tcptype so",
    CANDIDATE + " generation 0 ufrag abcd network-cost 999",
    CANDIDATE.replace("typ host", "typ srflx raddr :: rport 0"),
    f"a={CANDIDATE}\r\n",
    "",
]


@pytest.mark.parametrize("line", MORE)
def test_a_candidate_passes(line: str) -> None:
    check_candidate(line)


NO_CANDIDATES = [
    "candidate:",
    "1 1 udp 2113937151 192.0.2.1 5000 typ host",
    CANDIDATE.replace("candidate:1", "candidate:"),
    CANDIDATE.replace("candidate:1", "candidate:" + "1" * 33),
    CANDIDATE.replace(" 1 udp", " 0 udp"),
    CANDIDATE.replace(" 1 udp", " 257 udp"),
    CANDIDATE.replace("2113937151", "0"),
    CANDIDATE.replace("2113937151", "4294967296"),
    CANDIDATE.replace("2113937151", "-1"),
    CANDIDATE.replace("5000", "65536"),
    CANDIDATE.replace("5000", "٥٠٠٠"),
    CANDIDATE.replace("192.0.2.1", "192.0.2.256"),
    CANDIDATE.replace("192.0.2.1", "192.0.2"),
    CANDIDATE.replace("192.0.2.1", "fe80::1%"),
    CANDIDATE.replace("192.0.2.1", "fe80::1%a/b"),
    CANDIDATE.replace("192.0.2.1", "fe80:::1"),
    CANDIDATE.replace("192.0.2.1", "a..b"),
    CANDIDATE.replace("192.0.2.1", "<b>"),
    CANDIDATE.replace("typ", "type"),
    CANDIDATE.replace(" typ", "  typ"),
    CANDIDATE.replace(" typ host", ""),
    CANDIDATE + " ",
    CANDIDATE + " generation",
    CANDIDATE + " tcptype passive-ish",
    CANDIDATE + " raddr 1.2.3 rport 9",
    CANDIDATE + " rport 65536",
    CANDIDATE + " x y" * 33,
    CANDIDATE + "\r\na=mid:1",
    CANDIDATE + " x " + "y" * 4096,
]


@pytest.mark.parametrize("line", NO_CANDIDATES)
def test_what_is_no_candidate_is_refused(line: str) -> None:
    with pytest.raises(CandidateError):
        check_candidate(line)


OFFER = max(OFFERS, key=len)


def _without(name: str) -> Callable[[str], str]:
    return lambda sdp: re.sub(rf"a={name}:.*\r?\n", "", sdp)


BREACHES: dict[str, Callable[[str], str]] = {
    "empty": lambda sdp: "",
    "another version": lambda sdp: sdp.replace("v=0", "v=1"),
    "no version": lambda sdp: sdp.replace("v=0\r\n", ""),
    "no origin": lambda sdp: re.sub(r"o=.*\r\n", "", sdp),
    "a short origin": lambda sdp: re.sub(r"o=(\S+) \S+", r"o=\1", sdp),
    "no time": lambda sdp: sdp.replace("t=0 0\r\n", ""),
    "lines swapped": lambda sdp: sdp.replace("s=-\r\nt=0 0\r\n", "t=0 0\r\ns=-\r\n"),
    "a line without a letter": lambda sdp: sdp + "hello\r\n",
    "a letter that SDP does not have": lambda sdp: sdp + "x=hello\r\n",
    "an empty line": lambda sdp: sdp.replace("t=0 0\r\n", "t=0 0\r\n\r\n"),
    "ends of line of old": lambda sdp: sdp.replace("\r\n", "\r"),
    "a zero byte": lambda sdp: sdp.replace("s=-", "s=\0"),
    "no credentials": _without("ice-(?:ufrag|pwd)"),
    "no password": _without("ice-pwd"),
    "a short password": lambda sdp: re.sub(r"a=ice-pwd:.*", "a=ice-pwd:abc", sdp),
    "an odd ufrag": lambda sdp: re.sub(r"a=ice-ufrag:.*", "a=ice-ufrag:a b c", sdp),
    "no fingerprint": _without("fingerprint"),
    "a cut fingerprint": lambda sdp: re.sub(r"(a=fingerprint:.*):\w\w", r"\1", sdp),
    "an odd fingerprint": lambda sdp: re.sub(r"a=fingerprint:.*", "a=fingerprint:sha-256", sdp),
    "an odd setup": lambda sdp: re.sub(r"a=setup:\w+", "a=setup:any", sdp),
    "two setups": lambda sdp: re.sub(r"(a=setup:\w+\r\n)", r"\1\1", sdp),
    "a mid twice": lambda sdp: re.sub(r"a=mid:\w+", "a=mid:0", sdp),
    "a bundle of others": lambda sdp: re.sub(r"BUNDLE .*", "BUNDLE 0 nobody", sdp),
    "a port that is none": lambda sdp: re.sub(r"m=(\w+) \d+", r"m=\1 65536", sdp),
    "a section without formats": lambda sdp: re.sub(r"(m=\w+ \d+ \S+) .*", r"\1", sdp),
    "an odd candidate": lambda sdp: sdp + "a=candidate:1 1 udp\r\n",
    "too long": lambda sdp: sdp + "a=x:" + "y" * MAX_SDP + "\r\n",
    "too many lines": lambda sdp: sdp + "a=x\r\n" * MAX_LINES,
    "too many sections": lambda sdp: sdp + "m=audio 0 X 0\r\n" * MAX_SECTIONS,
    "too many candidates": lambda sdp: sdp + f"a={CANDIDATE}\r\n" * (MAX_CANDIDATES + 1),
}


@pytest.mark.parametrize("breach", sorted(BREACHES))
def test_what_breaks_a_rule_is_refused(breach: str) -> None:
    for sdp in (OFFER, next(one for one in OFFERS if "\nm=application" in one and "\r" in one)):
        if BREACHES[breach](sdp) != sdp:
            with pytest.raises(SdpError):
                check_description(BREACHES[breach](sdp), answer=False)
            return
    raise AssertionError(f"{breach} changes nothing")


def test_only_an_answer_has_to_choose_who_begins() -> None:
    check_description(OFFER, answer=False)
    with pytest.raises(SdpError, match=r"line \d+ of the description: an answer chooses"):
        check_description(OFFER, answer=True)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(SdpError, match=r"^line 2 of the description: "):
        parse("v=0\no=-\ns=-\nt=0 0\n")


AT_THE_BOUNDS: dict[str, tuple[Callable[[str, int], str], int]] = {
    "characters": (lambda sdp, most: f"{sdp}a=x:{'y' * (most - len(sdp) - 6)}\r\n", MAX_SDP),
    "lines": (lambda sdp, most: sdp + "a=x\r\n" * (most - sdp.count("\n")), MAX_LINES),
    "sections": (
        lambda sdp, most: sdp + "m=audio 0 X 0\r\n" * (most - sdp.count("\nm=")),
        MAX_SECTIONS,
    ),
    "candidates": (
        lambda sdp, most: sdp + f"a={CANDIDATE}\r\n" * (most - sdp.count("\na=candidate")),
        MAX_CANDIDATES,
    ),
}
"""What brings a description to that many of something."""


@pytest.mark.parametrize("bound", sorted(AT_THE_BOUNDS))
def test_a_bound_is_where_it_is_said_to_be(bound: str) -> None:
    grown, most = AT_THE_BOUNDS[bound]
    check_description(grown(OFFER, most), answer=False)
    with pytest.raises(SdpError, match=f"at most {most} "):
        check_description(grown(OFFER, most + 1), answer=False)


@pytest.mark.parametrize(
    ("line", "more"),
    [
        (CANDIDATE + " x " + "y" * (MAX_CANDIDATE - len(CANDIDATE) - 3), "y"),
        (CANDIDATE + " x y" * MAX_EXTENSIONS, " x y"),
        (CANDIDATE.replace("5000", "65535"), ""),
        (CANDIDATE.replace("2113937151", "2147483647"), ""),
        (CANDIDATE.replace("candidate:1", "candidate:" + "1" * 32), ""),
        (CANDIDATE.replace(" 1 udp", " 256 udp"), ""),
    ],
)
def test_a_candidate_at_a_bound_passes(line: str, more: str) -> None:
    check_candidate(line)
    if more:
        with pytest.raises(CandidateError, match="at most"):
            check_candidate(line + more)


LETTERS = "aZ09 :=/+-.%<\0\r\n\té世"
# Each written by hand from the grammars of RFC 8866 and RFC 8839, unlike what is tested.
LINES = re.compile(
    r"v=0\r?\no=\S+ \d+ \d+ \S+ \S+ \S+\r?\ns=[^\r\n\0]+\r?\n(?:[iuepcb]=[^\r\n\0]+\r?\n)*"
    r"(?:t=\d+ \d+\r?\n(?:[rz]=[^\r\n\0]+\r?\n)*)+(?:[ka]=[^\r\n\0]+\r?\n)*"
    r"(?:m=\S+ \d{1,5}(?:/\d+)? \S+(?: \S+)+\r?\n(?:[icbka]=[^\r\n\0]+\r?\n)*)*\Z"
)
WELL_FORMED = re.compile(
    r"(?:a=)?candidate:[A-Za-z0-9+/]{1,32} \d{1,3} \S+ \d{1,10} (?P<address>[\w.:%~-]+) "
    r"(?P<port>\d{1,5}) typ \S+(?: raddr [\w.:%-]+)?(?: rport \d{1,5})?(?: \S+ \S+)*\r?\n?\Z"
)


def grown(chance: random.Random, text: str, line: str) -> str:
    """``line``, and behind it a line, candidate or section of ``text``, up to beyond the bounds."""
    sections = re.findall(r"^m=[^\0]*?(?=^m=|\Z)", text, re.MULTILINE)
    found = chance.choice([line, *re.findall(r"a=candidate:.*\n", text)[:1], *sections])
    if chance.random() < 0.5:
        found = re.sub(r"a=mid:.*\n", "", found)
    times = chance.choice((1, 1, 1, 1, 2, 64, 257, 3001))
    return line + found * min(times, 1 + MAX_SDP // max(1, len(found)))


def mutated(chance: random.Random, text: str) -> str:
    """``text`` with one to three changes, as damage or malice makes them."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text))
        end = min(len(text), at + chance.choice((1, 1, 1, 5, 40)))
        lines = text.splitlines(keepends=True)
        line = chance.choice(lines)
        match chance.randrange(7):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + chance.choice(LETTERS) + text[at:]
            case 2:
                text = text[:at] + chance.choice(LETTERS) + text[at + 1 :]
            case 3:
                text = text.replace(line, line * chance.choice((0, 2)), 1)
            case 4:
                text = text.replace(line, "", 1) + line
            case 5:
                text = text.replace(line, grown(chance, text, line), 1)
            case _:
                text = text[:at] + text[at:end] * chance.choice((2, 50)) + text[end:]
        text = text or "v"
    return text


def breaches(sdp: str, answer: bool) -> list[str]:
    """Which rules it breaks, as far as one sees that without parsing it."""

    def all_of(name: str) -> list[str]:
        return re.findall(rf"^a={name}:([^\r\n]*)", sdp, re.MULTILINE)

    used = re.search(r"^m=\S+ 0*[1-9]", sdp, re.MULTILINE)
    mids = all_of("mid")
    bundled = [
        mid for group in all_of("group") if group[:7] == "BUNDLE " for mid in group[7:].split()
    ]
    setups = {"active", "passive", "holdconn"} | (set() if answer else {"actpass"})
    kept = {
        "characters": len(sdp) <= MAX_SDP,
        "lines": len(sdp.splitlines()) <= MAX_LINES,
        "sections": len(re.findall(r"^m=", sdp, re.MULTILINE)) <= MAX_SECTIONS,
        "candidates": len(all_of("candidate")) <= MAX_CANDIDATES,
        "ufrag": all(4 <= len(one) <= 256 for one in all_of("ice-ufrag")),
        "password": all(22 <= len(one) <= 256 for one in all_of("ice-pwd")),
        "both": len(all_of("ice-ufrag")) == len(all_of("ice-pwd")),
        "sha-256": all(
            re.fullmatch(r"(?i)sha-256 [\dA-F]{2}(:[\dA-F]{2}){31}", one)
            for one in all_of("fingerprint")
            if one.lower().startswith("sha-256 ")
        ),
        "setup": set(all_of("setup")) <= setups,
        "mids": len(mids) == len(set(mids)),
        "bundle": set(bundled) <= set(mids),
        "needed": not used or bool(all_of("ice-pwd") and all_of("fingerprint")),
    }
    return [rule for rule, holds in kept.items() if not holds]


def test_mutated_descriptions_never_crash_and_never_pass_what_breaks_the_rules() -> None:
    passed = 0
    for seed in range(MUTATED):
        chance = random.Random(seed)
        answer = chance.random() < 0.5
        sdp = mutated(chance, chance.choice(ANSWERS if answer else OFFERS))
        try:
            check_description(sdp, answer=answer)
        except SdpError:
            continue
        passed += 1
        assert LINES.fullmatch(sdp if sdp.endswith("\n") else sdp + "\n"), (seed, sdp)
        assert breaches(sdp, answer) == [], (seed, sdp)
        for candidate in re.findall(r"^a=candidate:.*", sdp, re.MULTILINE):
            check_candidate(candidate)
    assert MUTATED / 10 < passed < MUTATED * 9 / 10


def test_mutated_candidates_never_crash_and_never_pass_what_breaks_the_rules() -> None:
    passed = 0
    for seed in range(MUTATED):
        line = mutated(chance := random.Random(seed), chance.choice(CANDIDATES))
        try:
            check_candidate(line)
        except CandidateError:
            continue
        passed += 1
        found = WELL_FORMED.fullmatch(line)
        assert found or line.strip("\r\n") == "", (seed, line)
        if found and ":" in found["address"]:
            IPv6Address(found["address"])
        assert not found or int(found["port"]) < 65536, (seed, line)
    assert MUTATED / 20 < passed < MUTATED * 9 / 10
