# SPDX-License-Identifier: MIT
"""The list of permissions: what is on it is taken, everything else is refused by its name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.config.file import load_config
from goop_node.config.model import ConfigError
from goop_node.config.values import Mistake
from goop_node.templates.folder import KEYS, MAX_DESCRIPTION, MAX_NAME, read_template
from goop_node.templates.permissions import (
    FORMS,
    MAX_PERMISSIONS,
    Permission,
    about,
    parse,
    parse_all,
)
from goop_node.types import Template

ROOT = Path(__file__).parents[2]
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
PERMISSIONS = st.one_of(
    st.sampled_from([form for form in FORMS if "NAME" not in form]),
    NAMES.map("context:{}".format),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | PERMISSIONS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(PERMISSIONS)
def test_a_permission_survives_its_text(text: str) -> None:
    permission = parse(text)
    assert str(permission) == text
    assert parse(str(permission)) == permission
    assert permission.allows


@given(JSON)
def test_what_is_not_on_the_list_is_refused_in_words(value: Any) -> None:
    if isinstance(value, str) and value in listed(value):
        assert str(parse(value)) == value
        return
    with pytest.raises(Mistake) as caught:
        parse(value)
    assert str(caught.value).startswith("found ")
    assert all(form in caught.value.expected for form in FORMS)


def listed(text: str) -> set[str]:
    """``text`` if it is a permission, by a rule of its own: the forms with its name put in."""
    name = text.partition(":")[2]
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        return {form for form in FORMS if "NAME" not in form}
    return {form.replace("NAME", name) for form in FORMS}


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("kamera", "camera"),
        ("Camera", "camera"),
        ("camera:front", "camera"),
        ("mikrophone", "microphone"),
        ("context", "context:NAME"),
        ("context:Chess", "context:chess"),
        ("contxt:chess", "context:chess"),
        ("context:a b", "context:NAME"),
    ],
)
def test_the_nearest_permission_is_named(wrong: str, meant: str) -> None:
    with pytest.raises(Mistake, match=f'did you mean "{meant}"'):
        parse(wrong)


@pytest.mark.parametrize("value", ["camera", {"camera": True}, None, 3, ["camera", 3]])
def test_permissions_are_a_list_of_names(value: object) -> None:
    with pytest.raises(Mistake):
        parse_all(value)


def test_a_template_asks_for_a_bounded_number() -> None:
    names = [f"context:c{n}" for n in range(MAX_PERMISSIONS)]
    assert len(parse_all(names)) == MAX_PERMISSIONS
    with pytest.raises(Mistake, match="at most"):
        parse_all([*names, "camera"])


def test_the_names_in_permissions_of_one_form() -> None:
    given_ = parse_all(["context:chess", "camera", "context:arcade"])
    assert about(given_, "context:NAME") == {"chess", "arcade"}
    assert about(given_, "camera") == {""}


def test_the_document_lists_what_the_code_knows() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z]+(?::\w+)?)` \| (.+) \|$", text, flags=re.MULTILINE)
    assert dict(listed) == {
        form: allows.format(name="NAME").replace("“NAME”", "`NAME`")
        for form, allows in FORMS.items()
    }


# goop.toml


def test_goop_toml_allows_templates_what_is_on_the_list(tmp_path: Path) -> None:
    (tmp_path / "goop.toml").write_text(
        '[templates.ping]\nallow = ["context:chess", "camera"]\n[templates.pong]\n'
    )
    assert load_config(cwd=tmp_path).allowed == {
        "ping": {Permission("context:NAME", "chess"), Permission("camera")},
        "pong": frozenset(),
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[templates.ping]\nallow = ["kamera"]',
            'goop.toml: [templates.ping] allow: found "kamera", expected one of camera, '
            'context:NAME, microphone, wasm; did you mean "camera"?',
        ),
        (
            '[templates.ping]\nallow = "camera"',
            'goop.toml: [templates.ping] allow: found "camera", expected a list with any of '
            "camera, context:NAME, microphone, wasm",
        ),
        (
            "[templates.ping]\nalow = []",
            "goop.toml: [templates.ping] alow: found an unknown key, expected one of allow; "
            'did you mean "allow"?',
        ),
        ("templates = 3", "goop.toml: templates: found 3, expected tables [templates.NAME]"),
        ("[templates]\nping = 3", "goop.toml: [templates.ping]: found 3, expected a table"),
        (
            "[templates.home]",
            "goop.toml: [templates.home]: found no name that a template can have, expected one",
        ),
        (
            "[template.ping]",
            "goop.toml: template: found an unknown key, expected one of node, plugins, templates; "
            'did you mean "templates"?',
        ),
    ],
)
def test_a_mistake_in_what_is_allowed_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "goop.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(cwd=tmp_path)
    assert caught.value.lines == (line,)


# manifest.json


def folder_with(tmp_path: Path, manifest: object) -> Path:
    """A template's folder ``game`` with that manifest."""
    folder = tmp_path / "game"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_manifest_names_describes_and_asks(tmp_path: Path) -> None:
    manifest = {
        "name": " My Game ",
        "description": "Quick",
        "permissions": ["context:chess", "camera"],
        "icons": [{"src": "a.png"}],
    }
    template, mistakes = read_template(folder_with(tmp_path, manifest))
    assert mistakes == ()
    assert (template.name, template.title, template.description) == ("game", "My Game", "Quick")
    assert template.permissions == {"context:chess", "camera"}


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ([], r"found \[\], expected an object"),
        ({"name": 3}, "/name: found 3, expected 1 to 64 characters"),
        ({"name": " "}, '/name: found " ", expected 1 to 64'),
        ({"name": "x" * (MAX_NAME + 1)}, "/name: found .*, expected 1 to 64"),
        ({"name": "a\nb"}, "/name: found"),
        ({"description": "x" * (MAX_DESCRIPTION + 1)}, "/description: found .*expected 0 to 300"),
        ({"permissions": "camera"}, '/permissions: found "camera", expected a list'),
        ({"permissions": ["camera", "usb"]}, '/permissions: found "usb" at /1, expected one of'),
        ({"permissions": ["context:Chess"]}, 'did you mean "context:chess"'),
        ({"permission": ["camera"], "id": 1}, 'found "permission".*did you mean "permissions"'),
        ({"contexts": []}, r"/contexts: found \[\], expected an object"),
        ({"contexts": {"a": {"b": [2**60]}}}, "/contexts/a/b/0: found a number beyond 2.53"),
        ({"icons": "x" * 70_000}, "found more than 65536 bytes, expected fewer"),
    ],
)
def test_a_mistake_in_a_manifest_names_file_pointer_found_and_expected(
    tmp_path: Path, manifest: object, words: str
) -> None:
    template, (mistake,) = read_template(folder_with(tmp_path, manifest))
    assert re.search(f"manifest.json: .*{words}", f"{mistake}")
    # What is wrong counts as not there.
    assert template == Template(name="game", title="game", folder=tmp_path / "game")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"name": "a", "name": "b"}', 'found "name" twice, expected each key once'),
        ('{"contexts": {"a": {}, "b": {"x": 1, "x": 1}}}', 'found "x" twice'),
        ('{"contexts": {"a": [NaN]}}', "found NaN, expected JSON, which has no such number"),
        ('{"contexts": {"a": -Infinity}}', "found -Infinity"),
        ('{"name": ' * 20_000, "found something else, expected JSON"),
    ],
)
def test_what_json_leaves_open_is_refused(tmp_path: Path, text: str, words: str) -> None:
    folder = folder_with(tmp_path, {})
    (folder / "manifest.json").write_text(text[:65_000])
    template, (mistake,) = read_template(folder)
    assert words in mistake
    assert template == Template(name="game", title="game", folder=folder)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON)
def test_any_manifest_is_taken_or_refused_in_words(tmp_path: Path, manifest: Any) -> None:
    folder = folder_with(tmp_path, manifest)
    template, lines = read_template(folder)
    assert {str(one) for one in map(parse, template.permissions)} == template.permissions
    assert all(line.startswith(f"{folder / 'manifest.json'}: ") for line in lines)
