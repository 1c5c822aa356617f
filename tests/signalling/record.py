# SPDX-License-Identifier: MIT
"""Record what browsers and aiortc signal, into the JSON files beside this one:

    python -m tests.signalling.record

Each call is between two connections in one page (or program). Its messages are in the order in
which they were sent, as ``[author, message]``, with 0 for the caller.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.browser.conftest import CHROMIUM as CHROMIUM_PROGRAM
from tests.browser.conftest import FIREFOX, PREFERENCES, launch

FOLDER = Path(__file__).parent
CALLS = {
    "audio": "sound(a); sound(b);",
    "audio and video": "camera(a); camera(b);",
    "receiving only": "a.addTransceiver('audio', { direction: 'recvonly' }); camera(b);",
    "data channel": "a.createDataChannel('talk');",
    "picture, sound and data": "camera(a); a.createDataChannel('talk'); sound(b);",
    "simulcast": (
        "a.addTransceiver(picture, { streams: [stream], direction: 'sendonly', sendEncodings: "
        "[{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, "
        "{ rid: 'f' }] });"
    ),
    "screen share": "camera(a); camera(b); a.addTrack(screen, new MediaStream([screen]));",
    "restart and hold": (
        "camera(a); camera(b);"
        "again = async () => { a.restartIce(); a.getTransceivers()[0].direction = 'inactive'; };"
    ),
    "stopped section": (
        "camera(a); camera(b); again = async () => { a.getTransceivers()[1].stop(); };"
    ),
}
PAGE = """async (set_up) => {
  const said = [];
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [sounds] = stream.getAudioTracks();
  const [picture] = stream.getVideoTracks();
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").fillRect(0, 0, 9, 9);
  const [screen] = canvas.captureStream(5).getVideoTracks();
  screen.contentHint = "detail";
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  const sound = (pc) => pc.addTrack(sounds, stream);
  const camera = (pc) => { sound(pc); pc.addTrack(picture, stream); };
  let again = null;
  const early = new Map([[a, []], [b, []]]);
  const gathered = [a, b].map((pc, who) => new Promise((done) => {
    const other = pc === a ? b : a;
    pc.onicecandidate = ({ candidate }) => {
      said.push([who, { type: "ice_candidate", candidate: JSON.parse(JSON.stringify(candidate)) }]);
      if (candidate === null) return done();
      if (other.remoteDescription) other.addIceCandidate(candidate).catch(() => {});
      else early.get(other).push(candidate);
    };
  }));
  const say = (who, type, sdp) => said.push([who, { type, sdp: JSON.parse(JSON.stringify(sdp)) }]);
  const round = async () => {
    await a.setLocalDescription();
    say(0, "sdp_offer", a.localDescription);
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    say(1, "sdp_answer", b.localDescription);
    await a.setRemoteDescription(b.localDescription);
    for (const pc of [a, b]) {
      for (const one of early.get(pc).splice(0)) await pc.addIceCandidate(one);
    }
  };
  eval(set_up);
  await round();
  await Promise.race([Promise.all(gathered), new Promise((late) => setTimeout(late, 5000))]);
  if (again) {
    await again();
    await round();
    // All candidates are in it by now.
    await new Promise((later) => setTimeout(later, 1000));
    say(0, "sdp_offer", a.localDescription);
    say(1, "sdp_answer", b.localDescription);
  }
  a.close();
  b.close();
  for (const track of stream.getTracks()) track.stop();
  return said;
}"""


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """An empty page: cameras are for pages of a secure origin, such as localhost."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html>")

    def log_message(self, *args: Any) -> None:
        """Nothing is logged."""


async def of_browser(browser: Browser, url: str) -> dict[str, Any]:
    """Each of ``CALLS``, by its name."""
    page = await browser.new_page()
    await page.goto(url)
    return {name: await page.evaluate(PAGE, set_up) for name, set_up in CALLS.items()}


async def of_aiortc() -> dict[str, Any]:
    """Calls between two connections of aiortc, which sends its candidates with the description."""
    from aiortc import RTCPeerConnection
    from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

    calls: dict[str, Any] = {}
    for name in ("audio", "audio and video", "data channel", "receiving only"):
        caller, callee = RTCPeerConnection(), RTCPeerConnection()
        if name == "data channel":
            caller.createDataChannel("talk")
        elif name == "receiving only":
            caller.addTransceiver("video", direction="recvonly")
        else:
            caller.addTrack(AudioStreamTrack())
        if name == "audio and video":
            caller.addTrack(VideoStreamTrack())
            callee.addTrack(VideoStreamTrack())
        said = []
        await caller.setLocalDescription(await caller.createOffer())
        offer = caller.localDescription
        said.append([0, {"type": "sdp_offer", "sdp": {"type": offer.type, "sdp": offer.sdp}}])
        await callee.setRemoteDescription(offer)
        await callee.setLocalDescription(await callee.createAnswer())
        answer = callee.localDescription
        said.append([1, {"type": "sdp_answer", "sdp": {"type": answer.type, "sdp": answer.sdp}}])
        calls[name] = said
        await caller.close()
        await callee.close()
    return calls


def write(name: str, calls: dict[str, Any]) -> None:
    """Write ``NAME.json``."""
    text = json.dumps(calls, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


async def main() -> None:
    """Record all that is installed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_port}/"
    async with async_playwright() as playwright:
        browser = await launch(playwright, CHROMIUM_PROGRAM)
        write("chromium", await of_browser(browser, url))
        await browser.close()
        if FIREFOX is not None:
            fake = {
                "media.navigator.streams.fake": True,
                "media.navigator.permission.disabled": True,
            }
            browser = await playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=FIREFOX,
                firefox_user_prefs={**PREFERENCES, **fake},
            )
            write("firefox", await of_browser(browser, url))
            await browser.close()
    if importlib.util.find_spec("aiortc"):
        write("aiortc", await of_aiortc())


if __name__ == "__main__":
    asyncio.run(main())
