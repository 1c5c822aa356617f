# SPDX-License-Identifier: MIT
"""``goop types``: pages that say what a context knows are right to TypeScript, others are not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from goop_node.cli import main as goop
from goop_node.commands import StartError
from goop_node.types import JsonSchema
from goop_realtime import ContextType, types_command
from goop_realtime.contexts.registry import Context, compile_context
from goop_realtime.new_command import make
from goop_realtime.types_command import declarations, of_all_plugins

JS = Path(__file__).parents[2] / "js"
BIN = JS / "node_modules" / ".bin"
STRICT = {"strict": True, "noEmit": True, "target": "ES2022", "lib": ["ES2022", "DOM"], "types": []}
BEGIN = 'const channel = await Goop.realtime.connect("p", { context: "chess_1" });\n'
TWO = 'const two = await Goop.realtime.connect("p", { context: "two_majors" });\n'
GOOD = {
    "sends": BEGIN + 'await channel.send({ type: "move", from: "e2", to: "e4" }).delivered;',
    "hears": BEGIN
    + """channel.onMessage = (data, { from }) => {
  if (data.type === "move") console.log(from, data.to.toUpperCase());
};""",
    "asks": 'Goop.realtime.connect("p", { context: "chess", params: { colour: "white" } });',
    "plain": 'const { send } = await Goop.realtime.connect("p"); send({ anything: 1 });',
    "elsewhere": 'const { send } = await Goop.realtime.connect("p", { context: "go" }); send(7);',
    "underscores": """const call = await Goop.realtime.connect("p", { context: "video_call_7" });
call.send({ type: "call_request", media: { audio: true, video: true } });""",
    "rooms": """const room = await Goop.realtime.joinRoom("arcade_3", { maxPeers: 4 });
room.send({ type: "position", x: 1, y: 2 });
room.onMessage = (peer, data) => {
  if (data.type === "wave") console.log(peer, data.wave + 1);
};""",
    "folders": 'const talk = await Goop.realtime.connect("p", { context: "small_talk" });\n'
    'talk.send({ type: "say", text: "hello" });',
    "versions": TWO + 'if (two.version === "2.0") two.send({ type: "put", weight: 1 });\n'
    'else two.send({ type: "put", n: 1 });\n'
    'const known: "2.0" | "1.3" | (string & {}) = two.version;\n'
    'Goop.realtime.connect("p", { context: "two_majors", params: { size: 3 } });',
    "a version of a room": 'const room = await Goop.realtime.joinRoom("arcade_3");\n'
    'const major: string = room.version.split(".")[0];\n'
    "for (const { peerLabel, reason } of room.detail.apart) console.log(peerLabel, reason);",
    "why it waits": BEGIN
    + """channel.onStateChange = (state, { code, reason, suspended }) => {
  const waits: GoopObstacle[] = ["plugin_missing", "plugin_failed", "contract_mismatch"];
  if (suspended && waits.some((one) => one === code)) console.log(state, reason?.toUpperCase());
};""",
    "refs": 'const nest = await Goop.realtime.connect("p", { context: "nested" });\n'
    'nest.send({ type: "tree", root: { name: "a", below: [{ name: "b" }] } });',
}
BAD = {
    "a type that is none": BEGIN + 'channel.send({ type: "mvoe", from: "e2", to: "e4" });',
    "a member is missing": BEGIN + 'channel.send({ type: "move", from: "e2" });',
    "a member too many": BEGIN + 'channel.send({ type: "resign", really: true });',
    "of another kind": BEGIN + 'channel.send({ type: "move", from: "e2", to: 4 });',
    "no such member": BEGIN + "channel.onMessage = (data) => console.log(data.nothing);",
    "no such param": 'Goop.realtime.connect("p", { context: "chess", params: { color: 1 } });',
    "of another context": 'const arcade = await Goop.realtime.joinRoom("arcade_1");\n'
    'arcade.send({ type: "move", from: "e2", to: "e4" });',
    "not of a folder": 'const say = await Goop.realtime.connect("p", { context: "small_talk" });\n'
    'say.send({ type: "say", words: "hello" });',
    "a version is no number": BEGIN + "if (channel.version > 1) channel.close();",
    "a version is read": BEGIN + 'channel.version = "2.0";',
    "neither major has it": TWO + 'two.send({ type: "put", height: 1 });',
    "no version has such params": "Goop.realtime.connect("
    '"p", { context: "two_majors", params: { width: 3 } });',
    "no such obstacle": 'const waits: GoopObstacle[] = ["plugin_mising"];',
    "reasons may be none": BEGIN
    + "channel.onStateChange = (state, { reason }) => console.log(reason.toUpperCase());",
    "apart is a list": 'const room = await Goop.realtime.joinRoom("arcade_1");\n'
    "console.log(room.detail.apart.reason);",
    "deep in it": 'const nest = await Goop.realtime.connect("p", { context: "nested" });\n'
    'nest.send({ type: "tree", root: { name: "a", below: [{ name: 7 }] } });',
}
NESTED = ContextType(
    name="nested",
    version="1",
    title="Nested",
    messages={
        "tree": {
            "type": "object",
            "properties": {"type": {"const": "tree"}, "root": {"$ref": "#/$defs/node"}},
            "required": ["type", "root"],
            "additionalProperties": False,
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "below": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    },
                    "required": ["name"],
                    "additionalProperties": False,
                }
            },
        }
    },
)


def _put(**fields: JsonSchema) -> JsonSchema:
    properties = {"type": {"const": "put"}, **fields}
    return {"type": "object", "properties": properties, "required": [*properties]}


MAJORS = [
    ContextType(
        name="two_majors",
        version=version,
        title="Two",
        messages={"put": {**_put(**{name: {"type": "integer"}}), "additionalProperties": False}},
        params=params,
    )
    for version, name, params in (
        (
            "2.0",
            "weight",
            {
                "type": "object",
                "properties": {"size": {"type": "integer"}},
                "additionalProperties": False,
            },
        ),
        ("1.3", "n", None),
    )
]


def test_good_and_bad_pages(tmp_path: Path) -> None:
    if not (BIN / "json2ts").exists():
        pytest.skip("the generator of types is not there: make lint installs it")
    folder = make("template", "small-talk", tmp_path / "pages")
    contexts = [*of_all_plugins((folder,)), compile_context("nested", NESTED)]
    contexts += [compile_context("two", one) for one in MAJORS]
    text = declarations(contexts, goop="types/goop.d.ts", generator=[str(BIN / "json2ts")])
    (tmp_path / "goop-contexts.d.ts").write_text(text)
    (tmp_path / "types").mkdir()
    for file in JS.glob("goop*.d.ts"):
        shutil.copy(file, tmp_path / "types")
    for name, page in {**GOOD, **BAD}.items():
        (tmp_path / f"{name.replace(' ', '-')}.ts").write_text(f"{page}\nexport {{}};\n")
    options = {**STRICT, "module": "ES2022"}
    settings = {"compilerOptions": options, "include": ["*.ts", "types"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [BIN / "tsc", "-p", tmp_path, "--pretty", "false"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    wrong = set(re.findall(r"(?m)^([\w./-]+)\(\d+,\d+\): error", done.stdout))
    assert wrong == {f"{name.replace(' ', '-')}.ts" for name in BAD}, done.stdout


def test_without_node_it_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(types_command.shutil, "which", lambda name: None)
    assert goop.main(["types"]) == goop.MISTAKE
    assert "Node.js" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_folders_of_pages_are_asked_for_and_their_mistakes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[str] = []

    def note(contexts: list[Context], **_: object) -> str:
        told.extend(one.name for one in contexts)
        return ""

    monkeypatch.setattr(types_command, "declarations", note)
    folder = make("template", "small-talk", tmp_path)
    assert goop.main(["types", "--template", "small-talk"]) == 0
    assert {"chess", "small_talk"} <= {*told}
    (folder / "manifest.json").write_text('{"contexts": {"small_talk": {}}}')
    assert goop.main(["types", "--template", "small-talk"]) == goop.MISTAKE
    assert "manifest.json: /contexts/small_talk/messages: found none" in capsys.readouterr().err


def test_a_generator_that_fails_is_quoted(tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho 'no such schema' >&2\nexit 3\n")
    failing.chmod(0o755)
    with pytest.raises(StartError, match="no such schema"):
        declarations([], goop="x", generator=[str(failing)])
    with pytest.raises(StartError, match="cannot be run"):
        declarations([], goop="x", generator=[str(tmp_path / "nothing")])
