# SPDX-License-Identifier: MIT
"""The whole matrix Host × Origin × credential × Sec-Fetch-Site × kind of request."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.config.values import is_template_name
from goop_node.problems import Problem
from goop_node.types import Caller
from goop_node.web.guard import Facts, Verdict, judge
from goop_node.web.origins import HOME, Origins
from goop_node.web.tokens import Tokens

ORIGINS = Origins(port=8787, templates=("chess", "video"))
HOSTS = {
    "localhost:8787": "",
    "127.0.0.1:8787": "",
    "[::1]:8787": "",
    "home.localhost:8787": "",
    "HOME.localhost:8787": "",
    "home.localhost:8788": None,
    "home.localhost.evil.example:8787": None,
    "a.home.localhost:8787": None,
    "chess.localhost:8787": "chess",
    "CHESS.localhost:8787": "chess",
    "video.localhost:8787": "video",
    "unknown.localhost:8787": None,
    "localhost:8788": None,
    "localhost": None,
    "evil.example:8787": None,
    "chess.localhost.evil.example:8787": None,
    "a.chess.localhost:8787": None,
    "localhost:8787, evil.example": None,
    "": None,
}
FOR_PROGRAMS = ("localhost:8787", "127.0.0.1:8787", "[::1]:8787")
PAGE_ORIGINS = (
    None,
    "null",
    "http://localhost:8787",
    "http://home.localhost:8787",
    "http://chess.localhost:8787",
    "http://video.localhost:8787",
    "http://localhost:3000",
    "https://localhost:8787",
    "http://evil.example",
)
COOKIES = (None, "", "chess", "video")
SITES = (None, "same-origin", "none", "same-site", "cross-site")


@pytest.mark.parametrize("host", HOSTS)
def test_matrix(host: str) -> None:
    for origin, cookie, bearer, site, safe in itertools.product(
        PAGE_ORIGINS, COOKIES, (None, True, False), SITES, (True, False)
    ):
        facts = Facts(
            host=host,
            origin=origin,
            fetch_site=site,
            safe=safe,
            cookies=() if cookie is None else (cookie,),
            bearer=bearer,
        )
        verdict = judge(facts, ORIGINS)
        template = HOSTS[host]
        own = f"http://{host.lower()}"
        if template is None or (origin is not None and origin != own):
            assert isinstance(verdict, Problem), facts
            continue
        assert isinstance(verdict, Verdict), facts
        assert verdict.template == template
        page = Caller(kind="template", name=template) if template else Caller(kind="home")
        if bearer is not None:
            expected = Caller(kind="program") if bearer else None
        elif (
            cookie == template
            and host not in FOR_PROGRAMS
            and (origin == own or (safe and site in (None, "same-origin", "none")))
        ):
            expected = page
        else:
            expected = None
        found = None if isinstance(verdict.caller, Problem) else verdict.caller
        assert found == expected, facts


def test_a_dev_origin_counts_as_the_pages_own() -> None:
    origins = Origins(port=8787, templates=("chess",), dev=("http://localhost:5173",))
    facts = Facts(
        host="chess.localhost:8787",
        origin="http://localhost:5173",
        fetch_site="same-site",
        safe=False,
        cookies=("chess",),
        bearer=None,
    )
    assert judge(facts, origins) == Verdict(
        template="chess", caller=Caller(kind="template", name="chess")
    )


def test_cookies_are_bound_to_template_and_node() -> None:
    one, two = Tokens("b1" * 20, "s1" * 20), Tokens("b2" * 20, "s2" * 20)
    name, value = one.cookie_for("chess")
    assert one.templates_of(f"{name}={value}") == {"chess"}
    assert not one.templates_of(f"{name}={value.replace('chess', 'video')}")
    assert not two.templates_of(f"{two.cookie_for('chess')[0]}={value}")
    assert not one.templates_of(f"{name}=\u00e9.x")
    assert one.cookie_for("")[0] != two.cookie_for("")[0]
    assert one.bearer not in value


FOREIGN = (
    'prefs={"theme":"dark"}',
    "src=a=(direct)|b=(not set)",
    "path=/x",
    "naked",
    "city=Z\xc3\xbcrich",
    "=x",
    'q="a"b"',
    "",
    "goop_other=chess.x",
    "z=" + "x" * 160_000,
)


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda text: repr(text[:20]))
def test_our_cookie_is_found_beside_those_of_other_programs(foreign: str) -> None:
    tokens = Tokens("b" * 40, "s" * 40)
    ours = "=".join(tokens.cookie_for("chess"))
    for header in (f"{foreign}; {ours}", f"{ours}; {foreign}", f"{foreign};{ours} ;{foreign}"):
        assert tokens.templates_of(header) == {"chess"}


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_our_cookie_is_found_whatever_stands_around_it(before: str, behind: str) -> None:
    tokens = Tokens("b" * 40, "s" * 40)
    ours = "=".join(tokens.cookie_for(""))
    assert tokens.templates_of(f"{before}; {ours}; {behind}") == {""}
    assert not tokens.templates_of(f"{before}; {behind}")
    forged = ours[:-1] + ("0" if ours[-1] != "0" else "1")
    assert tokens.templates_of(f"{forged}; {before}; {ours}") == {""}
    assert not tokens.templates_of(f"{before}; {forged}; {behind}")


@given(st.permutations(["", "chess", "video"]))
def test_a_cookie_made_for_others_hides_ours_from_nobody(order: list[str]) -> None:
    tokens = Tokens("b" * 40, "s" * 40)
    header = "; ".join("=".join(tokens.cookie_for(template)) for template in order)
    cookies = tokens.templates_of(header)
    for template, host in (("", "home"), ("chess", "chess"), ("video", "video")):
        facts = Facts(
            host=f"{host}.localhost:8787",
            origin=None,
            fetch_site="same-origin",
            safe=True,
            cookies=cookies,
            bearer=None,
        )
        verdict = judge(facts, ORIGINS)
        assert isinstance(verdict, Verdict)
        assert isinstance(verdict.caller, Caller)
        assert verdict.caller.name == template


def test_a_one_time_key_works_once() -> None:
    tokens = Tokens("b" * 40, "s" * 40)
    key = tokens.one_time_key
    assert key is not None
    assert not tokens.is_one_time_key("wrong")
    assert tokens.is_one_time_key(key)
    assert not tokens.is_one_time_key(key)


def test_where_origins_are_shared_home_stays_at_the_plain_names() -> None:
    origins = Origins(port=8787, templates=("chess",), isolated=False, hosts=("10.0.0.7",))
    for host in (*FOR_PROGRAMS, "10.0.0.7:8787"):
        assert origins.template_of(host) == ""
        assert origins.has_pages(host)
    assert origins.template_of("home.localhost:8787") is None
    assert origins.home == "/"


def test_no_template_may_take_the_name_of_home() -> None:
    assert not is_template_name(HOME)
