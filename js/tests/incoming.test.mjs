// SPDX-License-Identifier: MIT
// Requests that come in: who gets them, what they can do with them, how they end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const incoming = (channel, context, more = {}) => ({
  type: "incoming", channel, peerId: "bob", peerLabel: "Bob", context, params: { colour: "white" }, expiresIn: 60_000, ...more,
});

async function listening(handler) {
  const page = openPage();
  page.realtime.onIncoming = handler;
  await settle();
  return page;
}

test("onIncoming gets who asks, for what, and how to answer", async () => {
  let request = null;
  const { node } = await listening((info) => (request = info));
  node.tell(incoming("in1", "chess_1", { title: "Chess", page: "/chess/", terms: "You play Black." }));
  const { accept, decline, ...facts } = request;
  same(facts, {
    channelId: "in1", peerId: "bob", peerLabel: "Bob", context: "chess_1", app: "", params: { colour: "white" },
    title: "Chess", page: "/chess/", terms: "You play Black.", templates: null, expiresIn: 60_000, accepted: false,
  });
  node.answers.accept = () => ({ channelId: "in1", peerId: "bob", peerLabel: "Bob", context: "chess_1", state: "connected", detail: {} });
  assert.equal((await accept()).id, "in1");
  await decline("no time");
  same(node.asked.map(([action]) => action), ["accept", "decline"]);
});

/** A channel that was accepted at home. */
const handed = (channelId, more = {}) => ({
  channelId, peerId: "bob", peerLabel: "Bob", opener: "bob", context: "", app: "ping", params: null,
  state: "connected", detail: {}, delivery: "log", incoming: false, ...more,
});

test("what was accepted at home comes to whoever serves it, once", async () => {
  const page = openPage();
  page.node.address += "?channel=in1";
  page.node.answers.channels = () => [handed("other"), handed("in1")];
  page.node.answers.accept = () => handed("in1");
  const seen = [];
  page.realtime.onIncoming = (request) => seen.push(request);
  await settle();
  same(seen.map(({ channelId, peerLabel, app, accepted }) => [channelId, peerLabel, app, accepted]), [["in1", "Bob", "ping", true]]);
  const channel = await seen[0].accept();
  same([channel.id, channel.state], ["in1", "connected"]);
  page.node.cut();
  await page.clock.advance(1_000);
  assert.equal(seen.length, 1);
});

for (const [why, row] of [
  ["is gone", null],
  ["has ended", handed("in1", { detail: { final: true } })],
  ["waits for its answer still", handed("in1", { incoming: true })],
  ["was opened here", handed("in1", { opener: "alice" })],
]) {
  test(`an address with a channel that ${why} leads to no request`, async () => {
    const page = openPage();
    page.node.address += "?channel=in1";
    page.node.answers.channels = () => (row ? [row] : []);
    const seen = [];
    page.realtime.onIncoming = (request) => seen.push(request);
    await settle();
    same(seen, []);
  });
}

test("at home a request says which templates it can be accepted for", async () => {
  const seen = [];
  const { node } = await listening(({ app, templates }) => seen.push([app, templates]));
  node.tell(incoming("in1", "", { app: "ping", templates: ["ping"] }));
  same(seen, [["ping", ["ping"]]]);
});

test("requests wait for a handler, and those that ended meanwhile do not come", async () => {
  const page = openPage();
  page.node.answers.channels = () => [];
  void page.realtime.channels();
  await settle();
  page.node.tell(incoming("in1", "chess"));
  page.node.tell(incoming("in2", "chess"));
  page.node.tell({ type: "incoming_ended", channel: "in1", code: "expired" });
  const seen = [];
  page.realtime.onIncoming = ({ channelId }) => seen.push(channelId);
  await settle();
  same(seen, ["in2"]);
});

test("a request repeated by a new socket is handed out once", async () => {
  const seen = [];
  const { node } = await listening(({ channelId }) => seen.push(channelId));
  node.tell(incoming("in1", "chess"));
  node.tell(incoming("in1", "chess"));
  same(seen, ["in1"]);
});

test("the end of a request closes its dialog, once", async () => {
  const { node, realtime } = await listening(() => {});
  const ended = [];
  realtime.onIncomingEnded = ({ channelId, code, peerLabel }) => ended.push([channelId, code, peerLabel]);
  node.tell(incoming("in1", "chess"));
  node.tell({ type: "incoming_ended", channel: "in1", code: "answered_elsewhere" });
  node.tell({ type: "incoming_ended", channel: "in1", code: "answered_elsewhere" });
  same(ended, [["in1", "answered_elsewhere", "Bob"]]);
});

test("two scripts serve their own contexts, and onIncoming has the rest", async () => {
  const page = openPage();
  const seen = [];
  page.run(`Goop.realtime.serve("chess", (r) => seen.push(["game", r.context]), (r) => seen.push(["game ended", r.code]))`, { seen });
  page.run(`Goop.realtime.serve("video_call", (r) => seen.push(["call", r.context]))`);
  page.run(`Goop.realtime.onIncoming = (r) => seen.push(["rest", r.context])`);
  page.run(`Goop.realtime.onIncomingEnded = (r) => seen.push(["rest ended", r.code])`);
  await settle();
  for (const context of ["chess", "chess_12", "chessboard", "video_call", "", "whiteboard"]) {
    page.node.tell(incoming(`to ${context}`, context));
  }
  page.node.tell({ type: "incoming_ended", channel: "to chess_12", code: "cancelled" });
  page.node.tell({ type: "incoming_ended", channel: "to video_call", code: "cancelled" });
  page.node.tell({ type: "incoming_ended", channel: "to whiteboard", code: "expired" });
  same(seen, [
    ["game", "chess"], ["game", "chess_12"], ["rest", "chessboard"], ["call", "video_call"], ["rest", ""],
    ["rest", "whiteboard"], ["game ended", "cancelled"], ["rest ended", "expired"],
  ]);
});

test("the longest served name wins, and a name is served once until it is given up", async () => {
  const { realtime, node } = openPage();
  const seen = [];
  realtime.serve("chess", () => seen.push("chess"));
  const stop = realtime.serve("chess_blitz", () => seen.push("blitz"));
  assert.throws(() => realtime.serve("chess", () => {}), { code: "already_served" });
  assert.throws(() => realtime.serve("", () => {}), /context: expected a string that is not empty/);
  await settle();
  node.tell(incoming("in1", "chess_blitz_4"));
  stop();
  node.tell(incoming("in2", "chess_blitz_5"));
  same(seen, ["blitz", "chess"]);
});

test("a handler that fails is printed and hurts nobody", async () => {
  const seen = [];
  const { node, printed } = await listening(({ channelId }) => {
    seen.push(channelId);
    throw new Error("oops");
  });
  node.tell(incoming("in1", "chess"));
  node.tell(incoming("in2", "chess"));
  same(seen, ["in1", "in2"]);
  assert.equal(printed.error.length, 2);
});
