# SPDX-License-Identifier: MIT
"""Two pages that signal by hand over the context video_call: a picture, and words over it.

The caller does it with the code of the proposal for such channels, pasted as it stands there.
"""

from __future__ import annotations

from playwright.async_api import Browser

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url

SIGNALLING = """() => {
window.signal = (channel, pc) => {
  pc.onicecandidate = (event) => {
    if (event.candidate) channel.send({ type: "ice_candidate", candidate: event.candidate });
  };
  channel.onMessage = async (message) => {
    if (message.type === "sdp_offer") {
      await pc.setRemoteDescription(message.sdp);
      const answer = await pc.createAnswer();
      await pc.setLocalDescription(answer);
      channel.send({ type: "sdp_answer", sdp: answer });
    } else if (message.type === "sdp_answer") {
      await pc.setRemoteDescription(message.sdp);
    } else if (message.type === "ice_candidate") {
      await pc.addIceCandidate(message.candidate);
    }
  };
};
}"""


PASTED = """
// Start video call
async function startCall(peerId) {
  const channel = await Goop.realtime.connect(peerId, {
    context: "video_call"
  });

  // Create WebRTC peer connection
  const pc = new RTCPeerConnection({ iceServers });

  // Send ICE candidates via channel
  pc.onicecandidate = (e) => {
    if (e.candidate) {
      channel.send({
        type: "ice_candidate",
        candidate: e.candidate
      });
    }
  };

  // Receive signaling messages
  channel.onMessage = async (msg) => {
    if (msg.type === "sdp_offer") {
      await pc.setRemoteDescription(msg.sdp);
      const answer = await pc.createAnswer();
      await pc.setLocalDescription(answer);
      channel.send({ type: "sdp_answer", sdp: answer });
    } else if (msg.type === "sdp_answer") {
      await pc.setRemoteDescription(msg.sdp);
    } else if (msg.type === "ice_candidate") {
      await pc.addIceCandidate(msg.candidate);
    }
  };

  // Create and send offer
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  channel.send({ type: "sdp_offer", sdp: offer });
}
"""

CALLING = (
    """async (peer) => {
  const iceServers = [];
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d");
  setInterval(() => {
    paint.fillStyle = `hsl(${Date.now() % 360} 90% 50%)`;
    paint.fillRect(0, 0, 300, 150);
  }, 50);
  const stream = canvas.captureStream(10);
  const answer = Promise.withResolvers();
  // Whatever connection it makes has something to send.
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      this.addTrack(stream.getVideoTracks()[0], stream);
      const data = this.createDataChannel("talk");
      data.onopen = () => data.send("hello");
      data.onmessage = (event) => answer.resolve(event.data);
    }
  };
"""
    + PASTED
    + """
  await startCall(peer);
  return answer.promise;
}"""
)


async def call(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess], *, other: Browser | None = None
) -> None:
    """Alice's page calls Bob's, which is in the ``other`` browser: he sees her picture, and each
    hears what was said."""
    pages = []
    for node, at in zip(nodes, (browser, other or browser), strict=True):
        context = await at.new_context()
        page = await context.new_page()
        await page.goto(page_url(node, "blank"))
        await page.wait_for_function("() => window.Goop && Goop.realtime")
        await page.evaluate(SIGNALLING)
        pages.append(page)
    caller, callee = pages
    await callee.evaluate(
        """() => {
          window.seen = new Promise((resolve) => { window.see = resolve; });
          window.heard = new Promise((resolve) => {
            Goop.realtime.serve("video_call", async ({ channelId }) => {
              const channel = await Goop.realtime.accept(channelId);
              const pc = new RTCPeerConnection();
              pc.ontrack = ({ streams: [stream] }) => {
                const video = Object.assign(document.createElement("video"), { muted: true });
                video.srcObject = stream;
                video.play();
                video.onloadeddata = () => window.see(video.videoWidth);
              };
              pc.ondatachannel = ({ channel: data }) => {
                data.onmessage = (event) => {
                  data.send("heard " + event.data);
                  resolve(event.data);
                };
              };
              window.signal(channel, pc);
            });
          });
        }"""
    )
    answer = await caller.evaluate(CALLING, nodes[1].peer_id)
    assert answer == "heard hello"
    assert await callee.evaluate("() => window.heard") == "hello"
    assert await callee.evaluate("() => window.seen") > 0
