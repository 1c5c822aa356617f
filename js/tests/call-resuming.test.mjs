// SPDX-License-Identifier: MIT
// A page is loaded anew while it rings, on either side, and in a call: it goes on where it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, callPage, hear, inCall } from "./call-page.mjs";
import { same, settle } from "./page.mjs";

const row = (more) => ({ channelId: "c1", state: "connected", peerId: "bob", peerLabel: "Bob", context: "video_call", detail: {}, ...more });

/** The page after the reload, where the node knows of that channel. */
async function loadedAnew(storage, ...channels) {
  const page = callPage({ storage });
  page.node.answers.channels = () => channels;
  const resumed = [];
  page.calls.onResumed = (call) => resumed.push(call);
  await settle();
  accepted(page);
  await settle();
  return { page, resumed };
}

test("a call goes on when its page is loaded anew, with what it had", async () => {
  const storage = new Map();
  const { call } = await inCall({ storage });
  call.mute();
  const { page, resumed } = await loadedAnew(storage, row());
  same([resumed.length, resumed[0].sends], [1, { audio: false, video: true, screen: false }]);
  assert.equal(page.said("sdp_offer").length, 1);
  resumed[0].end();
  await settle();
  assert.equal(storage.size, 0);
});

test("a call rings on when its caller's page is loaded anew, until it is answered or given up", async () => {
  const asking = row({ state: "connecting", reach: "page", expiresIn: 30_000 });
  for (const [how, code] of [["connected", null], ["declined", "declined"], ["end", "cancelled"]]) {
    const storage = new Map();
    callPage({ storage }).calls.start("bob", { video: false });
    await settle();
    const { page, resumed: [call] } = await loadedAnew(storage, asking);
    same([call.state, call.peerLabel, call.sends], ["ringing", "Bob", { audio: true, video: false, screen: false }]);
    same(page.node.asked.filter(([action]) => action === "request"), []);
    if (how === "connected") page.node.state("c1", "connected", { context: "video_call" });
    else if (how === "declined") page.node.end("c1", "declined");
    else call.end();
    await settle();
    assert.equal(page.said("sdp_offer").length, how === "connected" ? 1 : 0);
    same(page.node.of("close").map(({ channel }) => channel), how === "end" ? ["c1"] : []);
    same(page.ends.map((end) => end.code), code ? [code] : []);
    assert.equal(storage.size, code ? 0 : 1);
  }
});

test("what was answered while the page was loaded anew goes on; what is over is forgotten", async () => {
  const storage = new Map();
  callPage({ storage }).calls.start("bob");
  await settle();
  const { page, resumed } = await loadedAnew(storage, row());
  same([resumed.length, page.said("sdp_offer").length], [1, 1]);
  same((await loadedAnew(storage)).resumed, []);
  assert.equal(storage.size, 0);
});

test("a call that was just accepted goes on when the page is loaded anew", async () => {
  const storage = new Map();
  const before = callPage({ storage });
  before.calls.onIncoming = () => {};
  await settle();
  before.node.tell({ type: "incoming", channel: "c1", peerId: "bob", peerLabel: "Bob", context: "video_call", params: null });
  await settle();
  void before.calls.accept("c1", { video: false });
  const { page, resumed: [call] } = await loadedAnew(storage, row());
  same([call.sends.audio, call.sends.video, page.said("sdp_offer").length], [true, false, 1]);
});

test("a page that is loaded anew is told what is sent", async () => {
  const { page, connection } = await inCall();
  const [{ connection: mine }] = page.said("sdp_offer");
  const sdp = JSON.stringify({ by: "b", nth: 1, kinds: ["audio", "video"] });
  await hear(page, { type: "sdp_answer", sdp: { type: "answer", sdp }, connection: "b1", to: mine });
  connection.become("connected");
  const told = page.said("media_state").length;
  await hear(page, { type: "sdp_offer", sdp: { type: "offer", sdp }, connection: "b2" });
  same(page.said("media_state").slice(told), [{ type: "media_state", audio: true, video: true, screen: false }]);
});
