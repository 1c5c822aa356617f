// SPDX-License-Identifier: MIT
// Calls: agreeing, also when offers cross or a page is new; devices let go of; how a call ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeConnection, callPage, hear, inCall } from "./call-page.mjs";
import { codeOf, same, settle } from "./page.mjs";

const sdp = (by, kinds = ["audio", "video"]) => JSON.stringify({ by, nth: 1, kinds });
const offer = (connection, more = {}) => ({ type: "sdp_offer", sdp: { type: "offer", sdp: sdp(connection) }, connection, ...more });
const answer = (connection, more = {}) => ({ type: "sdp_answer", sdp: { type: "answer", sdp: sdp(connection) }, connection, ...more });

test("a call rings with what it would like, and offers when it is accepted", async () => {
  const { page, call, connection } = await inCall();
  same(page.node.asked.find(([action]) => action === "request")[1].params, { media: { audio: true, video: true } });
  assert.equal(call.state, "connecting");
  assert.equal(connection.configuration.iceTransportPolicy, "relay");
  const [{ connection: mine }] = page.said("sdp_offer");
  await hear(page, answer("b1", { to: mine }));
  assert.equal(connection.signalingState, "stable");
  connection.become("connected");
  assert.equal(call.state, "connected");
  assert.ok(call.since > 0);
  same(page.said("media_state").at(-1), { type: "media_state", audio: true, video: true, screen: false });
});

test("what connects them is ready while it rings, and says nothing until they have agreed", async () => {
  const page = callPage();
  page.calls.start("bob", { audio: true });
  await settle();
  const [connection] = FakeConnection.all;
  assert.equal(connection.signalingState, "have-local-offer");
  connection.onicecandidate({ candidate: { candidate: "early" } });
  connection.localDescription = { type: "offer", sdp: "with the early one" };
  await settle();
  same(page.node.of("send"), []);
  page.node.state("c1", "connected", { context: "video_call" });
  await settle();
  same(page.said("sdp_offer").map(({ sdp: { sdp } }) => sdp), ["with the early one"]);
  same(page.said("ice_candidate"), []);
  connection.onicecandidate({ candidate: { candidate: "late" } });
  await settle();
  same(page.said("ice_candidate").map(({ candidate }) => candidate.candidate), ["late"]);
});

test("candidates that come early wait for their description; those of another connection are dropped", async () => {
  const { page, connection } = await inCall();
  const candidate = (text, from) => ({ type: "ice_candidate", candidate: { candidate: text }, connection: from });
  await hear(page, candidate("one", "b1"), candidate("stale", "b0"));
  same(connection.candidates, []);
  await hear(page, answer("b1"), candidate("two", "b1"), { type: "ice_candidate", candidate: null, connection: "b1" });
  same(connection.candidates, ["one", "two"]);
  same(page.printed.warn, []);
});

for (const [theirs, gives] of [["~", true], ["", true], ["!", false]]) {
  test(`offers that cross: ours ${gives ? "gives way to" : "stands against"} one of "${theirs}"`, async () => {
    const { page, connection } = await inCall();
    const { connection: mine } = page.said("sdp_offer")[0];
    assert.equal(theirs === "" || mine < theirs, gives);
    await hear(page, { ...offer(theirs), ...(theirs ? {} : { connection: undefined }) });
    assert.equal(page.said("sdp_answer").length, gives ? 1 : 0);
    assert.equal(connection.signalingState, gives ? "stable" : "have-local-offer");
    if (!gives) await hear(page, answer(theirs, { to: mine }));
    assert.equal(connection.signalingState, "stable");
    // One section of each kind, and both send over it.
    same(connection.getTransceivers().map(({ receiver }) => receiver.track.kind), ["audio", "video"]);
    assert.ok(connection.getTransceivers().every(({ sender, direction }) => sender.track && direction === "sendrecv"));
  });
}

test("another page of the other person gets a connection of its own, and old words are left alone", async () => {
  const { page, call, connection } = await inCall();
  const streams = [];
  call.onRemoteStream = (stream) => streams.push(stream);
  const { connection: mine } = page.said("sdp_offer")[0];
  await hear(page, answer("b1", { to: mine }));
  connection.become("connected");
  await hear(page, offer("b2"));
  const second = FakeConnection.all[1];
  assert.equal(connection.signalingState, "closed");
  assert.equal(call.state, "reconnecting");
  const said = page.said("sdp_answer")[0];
  assert.equal(said.to, "b2");
  assert.notEqual(said.connection, mine);
  await hear(page, offer("b1", { to: mine }), { type: "ice_candidate", candidate: { candidate: "old" }, connection: "b1", to: mine });
  same(second.candidates, []);
  second.become("connected");
  assert.equal(call.state, "connected");
  assert.equal(streams.length, 2);
});

test("a connection that falters looks for another way", async () => {
  const { page, call, connection } = await inCall();
  await hear(page, answer("b1"));
  connection.become("connected");
  connection.become("disconnected");
  assert.equal(call.state, "reconnecting");
  assert.equal(page.said("sdp_offer").length, 1);
  await page.clock.advance(2_000);
  assert.equal(page.said("sdp_offer").length, 2);
  await hear(page, answer("b1"));
  connection.become("failed");
  await settle();
  assert.equal(page.said("sdp_offer").length, 3);
  await page.clock.advance(30_000);
  same([call.state, call.ended.code], ["ended", "lost"]);
});

test("whoever hangs up, everything is let go of, once", async () => {
  for (const byPeer of [true, false]) {
    const { page, call, connection } = await inCall();
    if (byPeer) await hear(page, { type: "call_end", reason: "bye" });
    else call.end("bye");
    call.end("again");
    await settle();
    assert.equal(connection.signalingState, "closed");
    assert.ok(page.tracks.length === 2 && page.tracks.every(({ readyState }) => readyState === "ended"));
    same(page.ends, [{ callId: call.id, peerId: "bob", peerLabel: "Bob", code: "ended", reason: "bye", byPeer }]);
    assert.equal(page.said("call_end").length, byPeer ? 0 : 1);
    assert.equal(page.calls.current, null);
  }
});

test("a camera that comes after the hang-up is switched off at once", async () => {
  let give;
  const late = new Promise((resolve) => (give = resolve));
  const { page, call } = await inCall({ getUserMedia: async (wanted, have) => (await late, have(wanted)) });
  call.end();
  give();
  await settle();
  assert.ok(page.tracks.length === 2 && page.tracks.every(({ readyState }) => readyState === "ended"));
  same(call.localStream.getTracks(), []);
});

test("what cannot be had is told, and the call goes on with what there is", async () => {
  const none = (name) => Object.assign(new Error("no"), { name });
  const noCamera = async (wanted, have) => {
    if (wanted.video) throw none("NotFoundError");
    return have(wanted);
  };
  const { call } = await inCall({ getUserMedia: noCamera });
  same([call.mediaError.code, call.state], ["no_device", "connecting"]);
  same(call.sends, { audio: true, video: false, screen: false });
  const blocked = await inCall({ getUserMedia: async () => { throw none("NotAllowedError"); } });
  same([blocked.call.mediaError.code, blocked.call.state], ["not_allowed", "connecting"]);
  const insecure = await inCall({ mediaDevices: false });
  same([insecure.call.mediaError.code, insecure.call.state], ["insecure", "connecting"]);
});

test("muting keeps the microphone, switching the camera off gives it back", async () => {
  const { page, call } = await inCall();
  const [audio, video] = page.tracks;
  call.mute();
  same([audio.enabled, audio.readyState, call.sends.audio], [false, "live", false]);
  assert.equal(await call.unmute(), true);
  await call.camera(false);
  same([video.readyState, call.sends.video], ["ended", false]);
  assert.equal(await call.camera(true), true);
  same(call.sends, { audio: true, video: true, screen: false });
});

test("how a call that rang is over has a code of its own", async () => {
  const over = async (code, more) => {
    const page = callPage();
    page.calls.start("bob");
    await settle();
    page.node.end("c1", code, more);
    await settle();
    return page.ends[0].code;
  };
  assert.equal(await over("declined", { reason: "not now" }), "declined");
  assert.equal(await over("declined", { reason: "busy" }), "busy");
  assert.equal(await over("timeout"), "no_answer");
  const page = callPage();
  page.calls.start("bob").end();
  await settle();
  same([page.ends[0].code, page.tracks.every(({ readyState }) => readyState === "ended")], ["cancelled", true]);
});

test("a node that gives no servers makes no connection: it may want to hide the address", async () => {
  const page = callPage();
  page.node.answers["/api/video_call/ice"] = () => ({ status: 403, problem: { code: "permission_needed", detail: "not yet" } });
  const call = page.calls.start("bob");
  await settle();
  same([call.ended.code, call.ended.reason, FakeConnection.all.length], ["permission_needed", "not yet", 0]);
});

const rings = (page, channel, peerId, more = {}) =>
  page.node.tell({ type: "incoming", channel, peerId, peerLabel: peerId, context: "video_call", params: null, ...more });

async function called(options) {
  const page = callPage(options);
  const heard = [];
  page.calls.onIncoming = (incoming) => heard.push(incoming);
  await settle();
  rings(page, "c1", "bob", { params: { media: { audio: true, video: false } } });
  await settle();
  return { page, heard };
}

test("nothing is answered by itself; accepted, the other one offers", async () => {
  const { page, heard } = await called();
  same(heard.map(({ callId, peerLabel, media }) => [callId, peerLabel, media]), [["c1", "bob", { audio: true, video: false }]]);
  assert.equal(page.node.asked.filter(([action]) => action === "accept").length, 0);
  page.node.answers.accept = () => ({ channelId: "c1", state: "connected", peerId: "bob", peerLabel: "Bob", context: "video_call" });
  const call = await page.calls.accept("c1", { video: false });
  await settle();
  same([page.said("sdp_offer").length, call.sends.video], [0, false]);
  await hear(page, offer("b1"));
  assert.equal(page.said("sdp_answer")[0].to, "b1");
  assert.equal(await codeOf(page.calls.accept("c1")), "unknown_call");
});

test("who is in a call is busy for others; a call that is answered elsewhere stops ringing", async () => {
  const { page, heard } = await called();
  page.node.tell({ type: "incoming_ended", channel: "c1", code: "accepted" });
  await settle();
  same(page.ends.map(({ callId, code }) => [callId, code]), [["c1", "answered_elsewhere"]]);
  page.calls.start("carol");
  await settle();
  rings(page, "c2", "dave");
  await settle();
  same(page.node.asked.find(([action]) => action === "decline")[1], { channelId: "c2", reason: "busy" });
  // Carol calls at the same moment: the two requests become one channel by themselves.
  rings(page, "c3", "carol");
  await settle();
  assert.equal(heard.length, 1);
});

test("what is left of a call whose pages are gone is ended before another one rings", async () => {
  const page = callPage();
  page.node.answers.channels = () => [{ channelId: "c0", state: "connected", peerId: "bob", context: "video_call", detail: {} }];
  const { request } = page.node.answers;
  page.node.answers.request = () => ({ status: 409, problem: { title: "No", status: 409, detail: "one is open", code: "already_open" } });
  const call = page.calls.start("bob");
  await settle();
  same(page.node.of("close").map(({ channel }) => channel), ["c0"]);
  page.node.answers.request = request;
  page.node.end("c0", "closed");
  await settle();
  same(page.node.asked.filter(([action]) => action === "request").map(([, { unopened }]) => unopened), [true, true]);
  assert.equal(call.state, "ringing");
});

test("the node is asked for nothing before it rings", async () => {
  const page = callPage();
  page.calls.start("bob");
  await settle();
  assert.ok(page.node.asked.some(([action]) => action === "request"));
  assert.ok(!page.node.asked.some(([action]) => action === "channels"));
});

test("a slip in the options is told at once", () => {
  const { calls } = callPage();
  assert.throws(() => calls.start("bob", { vidio: true }), /did you mean "video"/);
  assert.throws(() => calls.start("bob", { context: "chess" }), /expected "video_call"/);
  assert.throws(() => calls.start(""), /expected a string that is not empty/);
});
