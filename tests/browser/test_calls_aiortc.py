# SPDX-License-Identifier: MIT
"""aiortc, which nobody here wrote, calls a page of Chromium and is called by one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.call_people import ended, open_page, see_each_other, until
from tests.node.page import Page as Program

aiortc = pytest.importorskip("aiortc", reason="no aiortc here; make test installs it")
av = pytest.importorskip("av", reason="no PyAV here; make test installs it")

PICTURES = 10


class Pictures(aiortc.VideoStreamTrack):  # type: ignore[misc, name-defined]
    """Grey pictures, each of another shade."""

    shade = 0

    async def recv(self) -> Any:
        """The next one."""
        pts, time_base = await self.next_timestamp()
        self.shade = (self.shade + 7) % 180
        picture = av.VideoFrame(320, 240, "yuv420p")
        for plane, value in zip(picture.planes, (60 + self.shade, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        picture.pts, picture.time_base = pts, time_base
        return picture


class Talker:
    """A program that signals by hand, without ``call_request`` and ids of connections."""

    def __init__(self, program: Program, channel: str) -> None:
        self.program, self.channel = program, channel
        self.seen = asyncio.Event()
        self.connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.connection.addTrack(aiortc.mediastreams.AudioStreamTrack())
        self.connection.addTrack(Pictures())
        self.connection.on("track", self._came)
        self._looking: list[asyncio.Task[None]] = []

    def _came(self, track: Any) -> None:
        if track.kind == "video":
            self._looking.append(asyncio.create_task(self._look(track)))

    async def _look(self, track: Any) -> None:
        for _ in range(PICTURES):
            await track.recv()
        self.seen.set()

    async def say(self, kind: str) -> None:
        """Send the own description, with all candidates."""
        await self.connection.setLocalDescription(
            await getattr(self.connection, f"create{kind.capitalize()}")()
        )
        own = self.connection.localDescription
        sdp = {"type": own.type, "sdp": own.sdp}
        await self.program.send(self.channel, {"type": f"sdp_{kind}", "sdp": sdp})

    async def listen(self) -> None:
        """Take what the page says, until it hangs up."""
        heard = 0
        while True:
            for message in (await self.program.received(self.channel, heard + 1))[heard:]:
                heard += 1
                if message["type"] == "call_end":
                    return
                await self._take(message)

    async def _take(self, message: Any) -> None:
        if message["type"] in ("sdp_offer", "sdp_answer"):
            sdp = aiortc.RTCSessionDescription(**message["sdp"])
            await self.connection.setRemoteDescription(sdp)
            if message["type"] == "sdp_offer":
                await self.say("answer")
        elif message["type"] == "ice_candidate" and (message["candidate"] or {}).get("candidate"):
            said = message["candidate"]
            candidate = aiortc.sdp.candidate_from_sdp(said["candidate"].partition(":")[2])
            candidate.sdpMid, candidate.sdpMLineIndex = said["sdpMid"], said["sdpMLineIndex"]
            await self.connection.addIceCandidate(candidate)


@pytest.mark.parametrize("page_calls", [True, False])
async def test_a_page_and_a_program_see_each_other(
    chromium: Browser, nodes: tuple[NodeProcess, NodeProcess], page_calls: bool
) -> None:
    alice, bob = nodes
    page = await open_page(chromium, alice)
    async with Program.open(bob) as program:
        if page_calls:
            await page.evaluate("(peer) => begin(peer)", bob.peer_id)
            channel = (await program.frame("incoming"))["channel"]
            await program.post("accept", channelId=channel)
        else:
            asked = await program.post("request", 201, peerId=alice.peer_id, context="video_call")
            channel = asked["channelId"]
            await until(page, "rings.length > 0")
            await page.evaluate("() => accept()")
            await program.frame("state", channel=channel, state="connected")
        await program.emit({"type": "subscribe", "channels": [channel]})
        talker = Talker(program, channel)
        listening = asyncio.create_task(talker.listen())
        if not page_calls:
            await talker.say("offer")
        await asyncio.wait_for(talker.seen.wait(), 30)
        await see_each_other(page)
        await page.evaluate("() => call.end()")
        await listening
        await talker.connection.close()
    assert (await ended(page))["code"] == "ended"
