# SPDX-License-Identifier: MIT
"""What a template may do is granted by the person, holds at once, and is taken back at once."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG
from tests.node.page import Page, wait_until_discovered
from tests.node.template_page import TemplatePage, refused

Pair = tuple[NodeProcess, NodeProcess]
NEEDED = (403, "permission_needed")
TALK = {
    "messages": {
        "say": {
            "type": "object",
            "properties": {"type": {}, "text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        }
    }
}
MOVE = {"type": "move", "from": "e2", "to": "e4"}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Alice's node serves the folder alpha, which asks for chess and the camera. Both serve gamma,
    which has a context; that is asked for by beta, which Alice's serves."""
    folder: Path = tmp_path_factory.mktemp("granting")
    manifests: dict[str, Any] = {
        "alpha": {"permissions": ["context:chess", "camera"]},
        "beta": {"permissions": ["context:talk"]},
        "gamma": {"contexts": {"talk": TALK}},
    }
    for name, manifest in manifests.items():
        (folder / name).mkdir()
        (folder / name / "index.html").write_text("<!doctype html><title>t</title>")
        (folder / name / "manifest.json").write_text(json.dumps(manifest))
    alpha, beta, gamma = (f"--template={folder / name}" for name in manifests)
    alice = start_node(folder / "alice", alpha, beta, gamma)
    try:
        bob = start_node(folder / "bob", gamma, peer=alice)
        try:
            asyncio.run(wait_until_discovered(alice, bob))
            yield alice, bob
        finally:
            bob.stop()
    finally:
        alice.stop()


async def person(home: Page, act: str, permission: str, template: str = "alpha") -> None:
    """The person grants or revokes something of a template's."""
    body = {"template": template, "permission": permission}
    answer = await home.http.post(f"/api/templates/{act}", json=body)
    assert answer.status_code == 200, answer.text


async def asked_of(home: Page) -> dict[str, Any]:
    """What alpha asks for, and where that was granted."""
    rows = (await home.http.get("/api/templates")).json()
    (row,) = [row for row in rows if row["name"] == "alpha"]
    return {one["permission"]: one["granted"] for one in row["permissions"]}


async def test_a_template_is_told_what_it_needs_and_where_that_is_granted(nodes: Pair) -> None:
    alice, bob = nodes
    async with TemplatePage.of(alice, "alpha", "docA") as alpha:
        asked = {"peerId": bob.peer_id, "context": "chess_needed"}
        answer = await alpha.http.post("/api/realtime/request", json=asked)
        told = answer.json()
        assert (answer.status_code, told["code"]) == NEEDED
        assert told["permission"] == "context:chess"
        assert told["home"] == f"http://home.localhost:{alice.port}/#template-alpha"
        for act in ("grant", "revoke"):
            body = {"template": "alpha", "permission": "context:chess"}
            answer = await alpha.http.post(f"/api/templates/{act}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "home_only")


async def test_a_request_is_for_its_own_template_until_others_are_granted_it(nodes: Pair) -> None:
    alice, bob = nodes
    async with (
        TemplatePage.of(alice, "alpha", "docB") as alpha,
        TemplatePage.of(alice, "chess", "docC") as chess,
        Page.open(alice) as home,
        Page.open(bob) as peer,
    ):
        row = await peer.post("request", 201, peerId=alice.peer_id, context="chess_granted")
        channel = row["channelId"]
        place = {"channelId": channel}
        await chess.frame("incoming", channel=channel)
        told = await home.frame("incoming", channel=channel)
        assert told["templates"] == ["chess"]
        for act in ("accept", "decline", "send", "close"):
            await refused(alpha, "POST", act, *NEEDED, json={**place, "data": 1})
        assert (await alpha.http.get("/api/realtime/channels")).json() == []
        assert [frame for frame in alpha.frames if frame["type"] == "incoming"] == []

        await person(home, "grant", "context:chess")
        assert await asked_of(home) == {"camera": "", "context:chess": "home"}
        await alpha.frame("incoming", channel=channel)
        await person(home, "revoke", "context:chess")
        await alpha.frame("incoming_ended", channel=channel, code="permission_needed")
        await person(home, "grant", "context:chess")
        await alpha.frame("incoming", channel=channel)
        await alpha.post("accept", **place)
        await peer.frame("state", channel=channel, state="connected")

        # Revoked: the channel lives, the template hears and says nothing more on it.
        await person(home, "revoke", "context:chess")
        state = await alpha.frame("state", channel=channel, state="disconnected")
        assert (state["code"], state["suspended"], state["final"]) == (NEEDED[1], True, False)
        await peer.post("send", **place, data=MOVE)
        await refused(alpha, "POST", "send", *NEEDED, json={**place, "data": MOVE})
        for past in ("history", "pending"):
            await refused(alpha, "GET", f"{past}?channel={channel}", *NEEDED)
        await alpha.send(channel, MOVE, id="docB-1")
        assert (await alpha.frame("refused", id="docB-1"))["permission"] == "context:chess"
        assert alpha.messages(channel) == []
        rows = (await home.http.get("/api/realtime/channels")).json()
        assert [one["state"] for one in rows if one["channelId"] == channel] == ["connected"]

        await person(home, "grant", "context:chess")
        await alpha.frame("state", channel=channel, state="connected")
        assert await alpha.received(channel, 1) == [MOVE]
        await person(home, "revoke", "context:chess")
        assert (await home.http.post("/api/realtime/close", json=place)).status_code == 200


async def test_two_pages_of_a_folder_talk_in_its_own_context(nodes: Pair) -> None:
    alice, bob = nodes
    say = {"type": "say", "text": "hello"}
    async with (
        TemplatePage.of(alice, "gamma", "docE") as gamma,
        TemplatePage.of(alice, "beta", "docF") as beta,
        TemplatePage.of(bob, "gamma", "docG") as peer,
        Page.open(alice) as home,
    ):
        asked = {"peerId": bob.peer_id, "context": "talk_1"}
        await refused(beta, "POST", "request", *NEEDED, json=asked)
        row = await gamma.post("request", 201, **asked)
        place = {"channelId": row["channelId"]}
        told = await peer.frame("incoming", channel=row["channelId"])
        assert (told["context"], told["title"]) == ("talk_1", "gamma")
        await peer.post("accept", **place)
        await gamma.frame("state", channel=row["channelId"], state="connected")
        await gamma.post("send", **place, data=say)
        assert await peer.received(row["channelId"], 1) == [say]
        for data, code, pointer in (
            (say | {"text": 3}, "invalid_message", "/text"),
            (say | {"more": 3}, "invalid_message", "/more"),
            (MOVE, "unknown_type", "/type"),
        ):
            answer = await peer.http.post("/api/realtime/send", json={**place, "data": data})
            assert (answer.json()["code"], answer.json()["pointer"]) == (code, pointer)
        # Another template uses it as it would a plugin's: once the person has granted it.
        await person(home, "grant", "context:talk", "beta")
        names = [one["name"] for one in (await beta.http.get("/api/realtime/contexts")).json()]
        assert names == ["talk"]
        await person(home, "revoke", "context:talk", "beta")


async def test_a_template_comes_and_goes_while_the_node_runs(nodes: Pair) -> None:
    alice, bob = nodes
    manifest = {"permissions": ["context:chat", "camera"], "contexts": {"chat": TALK}}
    pages = {"index.html": "<!doctype html><title>d</title>", "manifest.json": json.dumps(manifest)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in pages.items():
            archive.writestr(f"delta-1.0/{name}", text)
    zipped = content.getvalue()

    async def post(page: Page, path: str, **body: Any) -> Any:
        answer = await page.http.post(f"/api/templates/{path}", json=body)
        return answer.status_code, answer.json()

    async def staged(name: str) -> Any:
        half = len(zipped) // 2
        answer = await home.http.post("/api/templates/upload", content=zipped[:half])
        key, query = answer.json()["id"], f"id={answer.json()['id']}&at={half}"
        again = await home.http.post(f"/api/templates/upload?id={key}", content=zipped)
        assert (again.status_code, again.json()["code"]) == (409, "out_of_order")
        answer = await home.http.post(f"/api/templates/upload?{query}", content=zipped[half:])
        assert answer.json() == {"id": key, "at": len(zipped)}
        return await post(home, "stage", id=key, name=name)

    async with TemplatePage.of(alice, "alpha", "docH") as alpha, Page.open(alice) as home:
        status, told = await post(alpha, "remove", template="delta")
        assert (status, told["code"]) == (403, "home_only")
        assert (await staged("gamma"))[1]["code"] == "name_taken"
        status, told = await staged("delta")
        asks = [(one["permission"], one["granted"]) for one in told["permissions"]]
        assert (status, asks, told["replaces"]) == (
            200,
            [("camera", ""), ("context:chat", "")],
            False,
        )
        host = {"Host": f"delta.localhost:{alice.port}", "Accept": "text/html"}
        async with httpx.AsyncClient(base_url=alice.url, timeout=HANG) as browser:
            assert (await browser.get("/", headers=host)).status_code == 421
            status, row = await post(home, "install", id=told["id"])
            assert (status, row["name"], row["added"], row["flaws"]) == (200, "delta", True, [])
            assert (await browser.get("/", headers=host)).text == pages["index.html"]
        await person(home, "grant", "camera", "delta")
        async with TemplatePage.of(alice, "delta", "docI") as delta:
            # Bob's node has no such context: the request is refused there, in words.
            contexts = (await delta.http.get("/api/realtime/contexts")).json()
            assert [one["name"] for one in contexts] == ["chat"]
            row = await delta.post("request", 201, peerId=bob.peer_id)
            place = {"channelId": row["channelId"]}
            # A new version of it keeps what was granted.
            _, told = await staged("delta")
            asks = [(one["permission"], one["granted"]) for one in told["permissions"]]
            assert (told["replaces"], asks) == (True, [("camera", "home"), ("context:chat", "")])
            await post(home, "install", id=told["id"])
            rows = (await home.http.get("/api/realtime/channels")).json()
            assert place["channelId"] in {one["channelId"] for one in rows}
            assert (await post(home, "remove", template="delta", deleteData=True))[0] == 200
            rows = (await home.http.get("/api/realtime/channels")).json()
            assert place["channelId"] not in {one["channelId"] for one in rows}
        _, told = await staged("delta")
        await post(home, "install", id=told["id"])
        _, told = await staged("delta")
        assert [one["granted"] for one in told["permissions"]] == ["", ""]
        await post(home, "discard", id=told["id"])
        assert (await post(home, "remove", template="delta"))[0] == 200
        assert (await post(home, "install", id=told["id"]))[1]["code"] == "unknown_upload"
        assert (await post(home, "remove", template="gamma"))[1]["code"] == "unknown_template"
    kept = [one.name for one in (alice.data / "templates").rglob("*") if one.is_file()]
    assert kept == []


async def test_the_browsers_powers_follow_what_was_granted(nodes: Pair) -> None:
    async def policy() -> str:
        return str((await alpha.http.get("/")).headers["permissions-policy"])

    async with TemplatePage.of(nodes[0], "alpha", "docD") as alpha, Page.open(nodes[0]) as home:
        assert "camera=()" in await policy()
        await person(home, "grant", "camera")
        assert "camera=(self), microphone=()" in await policy()
        await person(home, "revoke", "camera")
        assert "camera=()" in await policy()


async def test_what_nobody_asked_for_is_not_granted(nodes: Pair) -> None:
    async with Page.open(nodes[0]) as home:
        for template, permission, status, code in (
            ("alpha", "microphone", 409, "not_asked"),
            ("chess", "context:arcade", 409, "not_asked"),
            ("nobody", "camera", 404, "unknown_template"),
            ("alpha", "kamera", 422, "unknown_permission"),
        ):
            body = {"template": template, "permission": permission}
            answer = await home.http.post("/api/templates/grant", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
