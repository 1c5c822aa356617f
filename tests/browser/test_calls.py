# SPDX-License-Identifier: MIT
"""Two people call each other: they see and hear each other, and every way a call can end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from goop_node.testing import NodeProcess
from tests.browser.call_people import (
    FRAMES,
    HEARD,
    ended,
    frames,
    open_page,
    ring,
    see_each_other,
    talk,
    until,
)
from tests.node.page import wait_until_discovered

LATE = """() => {
  const { mediaDevices } = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  const wanted = Promise.withResolvers();
  const given = new Promise((resolve) => {
    mediaDevices.getUserMedia = async (kinds) => {
      await wanted.promise;
      const stream = await ask(kinds);
      resolve(stream.getTracks());
      return stream;
    };
  });
  window.comes = async () => {
    wanted.resolve();
    const tracks = await given;
    await new Promise((soon) => setTimeout(soon));
    return tracks;
  };
}"""
"""The browser gives camera and microphone when ``comes()`` says so; their tracks."""

Nodes = tuple[NodeProcess, NodeProcess]
Pages = tuple[Page, Page]


@pytest_asyncio.fixture(loop_scope="session")
async def pages(browser: Browser, nodes: Nodes) -> AsyncIterator[Pages]:
    """Alice's page and Bob's, which tell of no error."""
    errors: list[str] = []
    found = [await open_page(browser, node) for node in nodes]
    for page in found:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: told.text.startswith("Goop.") and errors.append(told.text))
    yield found[0], found[1]
    assert errors == []


async def test_two_people_see_and_hear_each_other(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    await talk(alice, bob, nodes[1])
    for page in pages:
        await page.wait_for_function(FRAMES, arg=await frames(page))
        await page.wait_for_function(HEARD)
        await until(page, "call.receives.audio && call.receives.video && !call.receives.screen")

    await alice.evaluate("() => call.mute()")
    await until(bob, "!call.receives.audio")
    assert await alice.evaluate("() => call.unmute()")
    await until(bob, "call.receives.audio")
    await alice.evaluate("() => call.camera(false)")
    await until(bob, "!call.receives.video")
    assert await alice.evaluate("() => call.localStream.getVideoTracks().length") == 0
    assert await alice.evaluate("() => call.camera(true)")
    await until(bob, "call.receives.video")
    await see_each_other(bob)
    assert await alice.evaluate("() => call.share()")
    await until(bob, "call.receives.screen")
    await bob.wait_for_function(FRAMES, arg=await frames(bob))
    assert not await alice.evaluate("() => call.share(false)")
    await until(bob, "!call.receives.screen")

    await bob.evaluate("() => call.end('bye')")
    for page, by_peer in ((alice, True), (bob, False)):
        end = await ended(page)
        assert (end["code"], end["reason"], end["byPeer"]) == ("ended", "bye", by_peer)
        assert await page.evaluate("() => call.localStream.getTracks().length") == 0


async def test_a_call_is_declined_and_given_up(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    await ring(alice, bob, nodes[1])
    await bob.evaluate("() => Goop.call.decline(rings.at(-1).callId, 'not now')")
    end = await ended(alice)
    assert (end["code"], end["reason"]) == ("declined", "not now")
    await alice.evaluate(LATE)
    await ring(alice, bob, nodes[1])
    await alice.evaluate("() => call.end()")
    assert (await ended(alice))["code"] == "cancelled"
    assert (await ended(bob))["code"] == "cancelled"
    # A camera that comes then is let go of.
    states = await alice.evaluate("async () => (await comes()).map(({ readyState }) => readyState)")
    assert states == ["ended", "ended"]


async def test_every_tab_rings_and_the_call_is_in_the_one_that_answers(
    pages: Pages, nodes: Nodes
) -> None:
    alice, bob = pages
    other = await bob.context.new_page()
    await other.goto(bob.url)
    await until(other, "window.Goop?.call")
    await ring(alice, bob, nodes[1])
    await until(other, "rings.length > 0")
    await other.evaluate("() => accept()")
    assert (await ended(bob))["code"] == "answered_elsewhere"
    await see_each_other(alice, other)
    # A tab that was duplicated has the memory of the first one, and leaves the call alone.
    memory = await other.evaluate("() => sessionStorage['goop-call']")
    await bob.evaluate("(memory) => (sessionStorage['goop-call'] = memory)", memory)
    await bob.reload()
    await until(bob, "sessionStorage['goop-call'] === undefined")
    assert await bob.evaluate("() => call === null")
    await see_each_other(alice, other)
    await alice.evaluate("() => call.end()")
    assert (await ended(other))["byPeer"]


async def test_a_call_that_nobody_answers_is_given_up(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    await alice.evaluate(
        """() => {
          const { connect } = Goop.realtime;
          Goop.realtime.connect = (peer, options) => {
            window.patience = options.timeout;
            return connect(peer, { ...options, timeout: 1_000 });
          };
        }"""
    )
    await ring(alice, bob, nodes[1])
    for page in pages:
        assert (await ended(page))["code"] == "no_answer"
    assert await alice.evaluate("() => patience") == 45_000
    assert await alice.evaluate("() => call.localStream.getTracks().length") == 0


async def test_two_who_call_each_other_at_once_are_in_one_call(pages: Pages, nodes: Nodes) -> None:
    for page, node in zip(pages, reversed(nodes), strict=True):
        await page.evaluate("(peer) => void begin(peer)", node.peer_id)
    await see_each_other(*pages)
    for page in pages:
        assert len(await page.evaluate("() => Goop.realtime.channels()")) == 1
    await pages[0].evaluate("() => call.end()")
    assert (await ended(pages[1]))["byPeer"]


async def test_a_call_goes_on_when_a_page_is_loaded_anew(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    await ring(alice, bob, nodes[1])
    await bob.reload()
    await until(bob, "rings.length > 0")
    await alice.reload()
    await until(alice, "call?.state === 'ringing'")
    await bob.evaluate("() => accept()")
    await alice.reload()
    await bob.reload()
    await see_each_other(*pages)
    for page, other in ((bob, alice), (alice, bob)):
        await page.reload()
        await until(page, "call?.state === 'connected'")
        await until(page, "call.receives.audio && call.receives.video")
        await see_each_other(page, other)
    await alice.evaluate("() => call.end()")
    assert (await ended(bob))["code"] == "ended"


async def test_a_call_goes_on_while_a_node_is_away(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    await talk(alice, bob, nodes[1])
    nodes[1].kill()
    for page in pages:
        await page.wait_for_function(FRAMES, arg=await frames(page) + 20)
        assert await page.evaluate("() => call.state") == "connected"
    await alice.evaluate("() => call.end('later')")
    nodes[1].start()
    await wait_until_discovered(*nodes)
    end = await ended(bob)
    assert (end["code"], end["byPeer"]) == ("ended", True)


async def test_a_page_that_is_gone_is_noticed_and_leaves_nothing_behind(
    browser: Browser, pages: Pages, nodes: Nodes
) -> None:
    alice, bob = pages
    await talk(alice, bob, nodes[1])
    await bob.close()
    await alice.wait_for_function("() => call.state === 'reconnecting'", timeout=10_000)
    # Nobody has hung up, and nobody goes on with it.
    await alice.evaluate("() => sessionStorage.clear()")
    await alice.reload()
    again = await open_page(browser, nodes[1])
    await ring(alice, again, nodes[1])
    await alice.evaluate("() => call.end()")


async def test_who_goes_through_relays_alone_tells_no_address(pages: Pages, nodes: Nodes) -> None:
    alice, bob = pages
    relay = {"iceServers": [], "iceTransportPolicy": "relay"}
    await alice.route("**/api/video_call/ice", lambda route: route.fulfill(json=relay))
    await ring(alice, bob, nodes[1])
    await bob.evaluate("() => accept()")
    # Each of the two says when its candidates have come to an end.
    said = """async () => (await Goop.realtime.channels())
      .find(({ id }) => id === call.channelId)?.history() ?? []"""
    await alice.wait_for_function(
        f"async () => new Set((await ({said})())"
        ".filter(({ data }) => data.type === 'ice_candidate' && data.candidate === null)"
        ".map(({ from }) => from)).size > 1"
    )
    told = {nodes[0].peer_id: "", nodes[1].peer_id: ""}
    for entry in await alice.evaluate(said):
        told[entry["from"]] += json.dumps(entry["data"])
    assert " typ host" in told[nodes[1].peer_id]
    assert " typ " not in told[nodes[0].peer_id]
    await alice.evaluate("() => call.end()")
    assert (await ended(bob))["code"] == "ended"
