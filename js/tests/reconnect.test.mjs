// SPDX-License-Identifier: MIT
// The socket breaks, the node restarts, the page sleeps: nothing is lost and nothing doubled.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, openPage, same, settle } from "./page.mjs";

const row = (more = {}) => ({
  channelId: "c1", peerId: "bob", peerLabel: "Bob", context: "", params: null,
  state: "connected", detail: {}, delivery: "log", incoming: false, ...more,
});

/** Cuts the socket and lets the page come back. */
async function blink({ node, clock }) {
  node.answers.channels ??= () => [row()];
  node.cut();
  await clock.advance(50);
}

test("a new socket says what was received, handled and is still open", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  channel.onMessage = (data) => (data === "slow" ? new Promise(() => {}) : undefined);
  node.message("c1", 1, "quick");
  node.message("c1", 2, "slow");
  node.message("c1", 3, "waiting");
  const accepted = channel.send("accepted");
  node.receipt(accepted.id, "accepted");
  const delivered = channel.send("delivered");
  node.receipt(delivered.id, "delivered");
  await settle();
  await blink(page);
  const [first, second] = node.of("subscribe");
  same(second, {
    type: "subscribe", page: first.page, ack: true, batch: true, retries: true,
    after: { c1: [1, 3] }, handled: { c1: [1, 1] }, pending: { c1: [delivered.id] },
  });
});

test("what the node replays is handed out once", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  node.message("c1", 1, "one");
  await blink(page);
  node.message("c1", 1, "one", { redelivered: true });
  node.message("c1", 2, "two");
  same(seen, ["one", "two"]);
});

test("what comes before the node has answered the subscription is not taken out of its turn", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  node.answers.channels = () => [row()];
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  node.message("c1", 1, "one");
  const take = node.take.bind(node);
  node.take = (frame, wire) => {
    take(frame, wire);
    if (frame.type === "subscribe") node.message("c1", 3, "three"); // it was under way to the old one
  };
  node.cut();
  await clock.advance(50);
  for (const [seq, data] of [[2, "two"], [3, "three"]]) node.message("c1", seq, data);
  same(seen, ["one", "two", "three"]);
});

test("what came before the end is handed out before it, also where both came while the page was away", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  channel.onStateChange = (state, { final }) => seen.push(final ? "over" : state);
  node.answers.channels = () => [row({ state: "disconnected", detail: { code: "closed", final: true } })];
  await blink(page);
  same(node.of("subscribe").at(-1), { type: "subscribe", channels: ["c1"] });
  node.state("c1", "disconnected", { code: "closed", suspended: true });
  node.message("c1", 1, "the last word");
  node.state("c1", "disconnected", { code: "closed", final: true });
  await settle();
  same(seen, ["disconnected", "the last word", "over"]);
});

test("undelivered sends leave again, in order, with the ids they had", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  const first = channel.send(1);
  const second = channel.send(2);
  const third = channel.send(3);
  node.receipt(first.id, "delivered");
  node.receipt(second.id, "accepted");
  await blink(page);
  same(node.of("send").slice(3).map(({ id, data }) => [id, data]), [[second.id, 2], [third.id, 3]]);
  node.receipt(second.id, "unknown");
  for (const stage of ["accepted", "delivered", "handled"]) node.receipt(third.id, stage);
  await third.handled;
  await blink(page);
  same(node.of("send").slice(5).map(({ id }) => id), [second.id]);
});

test("what the node no longer knows after it was delivered has an unknown outcome", async () => {
  const page = await openChannel();
  const sent = page.channel.send(1);
  page.node.receipt(sent.id, "delivered");
  await blink(page);
  page.node.receipt(sent.id, "unknown");
  assert.equal(await codeOf(sent.handled), "unknown");
});

test("sends while the socket is down go out once it is back", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  node.answers.channels = () => [row()];
  node.up = false;
  node.cut();
  channel.send("a");
  channel.send("b");
  await clock.advance(2000);
  assert.equal(node.of("send").length, 0);
  node.up = true;
  await clock.advance(5000);
  // Events may have carried them first; the socket that followed asks again, with the same ids.
  same([...new Set(node.of("send").map(({ id, data }) => `${id} ${data}`))].map((text) => text.slice(-1)), ["a", "b"]);
  assert.equal(node.of("send").at(-1).data, "b");
});

test("a long queue leaves in portions, in order, later sends behind it and a close last", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  node.answers.channels = () => [row()];
  node.up = false;
  node.cut();
  for (let n = 0; n < 400; n++) channel.send(n);
  node.up = true;
  await clock.advance(50);
  assert.equal(node.of("send").length, 360);
  channel.send(400);
  void channel.close();
  await clock.advance(100);
  const { length } = node.of("send");
  assert.ok(length > 370 && length < 390, `${length} sent`);
  assert.equal(node.of("close").length, 0);
  await clock.advance(1000);
  same(node.of("send").map(({ data }) => data), Array.from({ length: 401 }, (_, n) => n));
  assert.equal(node.frames.at(-1).type, "close");
});

test("retries back off from 50 ms to 5 s", async () => {
  const { node, clock } = await openChannel();
  node.up = false;
  node.cut();
  await clock.advance(50);
  assert.equal(node.sockets.length, 2);
  await clock.advance(60_000);
  const minute = node.attempts;
  assert.ok(minute >= 17 && minute <= 35, `${minute} attempts in a minute`);
});

test("a short break is no news; an unreachable node is", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  const seen = [];
  channel.onStateChange = (state, { code, suspended }) => seen.push([state, code, suspended]);
  await blink(page);
  node.state("c1", "connected");
  same(seen, []);
  node.up = false;
  node.cut();
  await clock.advance(50);
  same(seen, [["disconnected", "node_unreachable", true]]);
  node.up = true;
  await clock.advance(5000);
  node.state("c1", "connected");
  same(seen[1], ["connected", null, false]);
});

test("what ended while the page was cut off is found out", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  node.answers.channels = () => [row({ state: "disconnected", detail: { final: true, code: "closed" } })];
  await blink(page);
  node.state("c1", "disconnected", { final: true, code: "closed" });
  assert.equal(channel.state, "disconnected");
  assert.equal(channel.detail.code, "closed");
});

test("a channel that the node has forgotten is lost, and a request that went is ended", async () => {
  const page = await openChannel();
  const { channel, node, realtime } = page;
  const ended = [];
  realtime.onIncoming = () => {};
  realtime.onIncomingEnded = ({ channelId, code }) => ended.push([channelId, code]);
  node.tell({ type: "incoming", channel: "in1", peerId: "eve", peerLabel: "Eve", context: "chess", params: null });
  node.answers.channels = () => [];
  const sent = codeOf(channel.send("x").handled);
  await blink(page);
  assert.equal(channel.detail.code, "lost");
  assert.equal(await sent, "lost");
  same(ended, [["in1", "unknown"]]);
});

test("a channel unknown to the node ends when a frame says so", async () => {
  const { channel, node } = await openChannel();
  node.tell({ type: "error", channel: "c1", code: "unknown_channel", reason: "there is no such channel here" });
  assert.equal(channel.detail.code, "lost");
});

test("a close that the break swallowed is sent again", async () => {
  const page = await openChannel();
  const { channel, node } = page;
  void channel.close();
  await blink(page);
  assert.equal(node.of("close").length, 2);
});

test("hung up over the size of a message: that one is refused, the others go on", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  node.answers.channels = () => [row()];
  const small = channel.send("small");
  const large = codeOf(channel.send("x".repeat(60_000)));
  node.cut(1009);
  await clock.advance(50);
  assert.equal(await large, "too_large");
  same(node.of("send").slice(2).map(({ id }) => id), [small.id]);
});

test("a page kept for the back button sleeps, and wakes as the same document", async () => {
  const { node, clock, fire, channel } = await openChannel();
  node.answers.channels = () => [row()];
  fire("pagehide", { persisted: true });
  assert.equal(node.socket.readyState, 3);
  channel.send("later");
  await clock.advance(60_000);
  assert.equal(node.sockets.length, 1);
  fire("pageshow", { persisted: true });
  await settle();
  const [first, second] = node.of("subscribe");
  assert.equal(second.page, first.page);
  same(node.of("send").map(({ data }) => data), ["later"]);
});

for (const event of ["online", "visibilitychange"]) test(`on ${event}, the next attempt is made at once`, async () => {
  const { node, clock, fire } = await openChannel();
  node.answers.channels = () => [row()];
  node.up = false;
  node.cut();
  await clock.advance(10_000);
  const { attempts } = node;
  node.up = true;
  fire(event);
  await settle();
  assert.equal(node.attempts, attempts + 1);
  assert.equal(node.of("subscribe").length, 2);
});

test("two documents have two ids", async () => {
  const pages = [openPage(), openPage()];
  for (const { realtime } of pages) realtime.onIncoming = () => {};
  await settle();
  const [one, other] = pages.map(({ node }) => node.of("subscribe")[0].page);
  assert.notEqual(one, other);
});

test("a page that is frozen hangs up, and takes the line up again when it goes on", async () => {
  const { channel, node, fire, clock } = await openChannel();
  node.answers.channels = () => [row()];
  fire("freeze");
  assert.equal(node.socket.readyState, 3);
  channel.send("from the ice");
  await clock.advance(60_000);
  assert.equal(node.sockets.length, 1);
  fire("resume");
  fire("pageshow", { persisted: true });
  await settle();
  assert.equal(node.sockets.length, 2);
  same(node.of("send").map(({ data }) => data), ["from the ice"]);
});

test("so many open receipts that one frame could not ask for them are asked for in several", async () => {
  const page = await openChannel();
  const { node, clock, realtime } = page;
  node.answers.channels = () => ["c1", "c2", "c3"].map((channelId) => row({ channelId }));
  const channels = await realtime.channels();
  const ids = Array.from({ length: 2500 }, (_, n) => channels[Math.floor(n / 1000)].send(n).id);
  await clock.advance(5_000);
  for (const id of ids) node.receipt(id, "delivered");
  node.asked.length = 0;
  node.frames.length = 0;
  await blink(page);
  const asked = node.of("subscribe");
  same(asked.map(({ pending }) => Object.values(pending).flat().length), [1000, 1000, 500]);
  same(asked.flatMap(({ pending }) => Object.values(pending).flat()), ids);
  same(asked[1].channels, ["c2"]);
  assert.equal(node.asked.filter(([action]) => action === "channels").length, 1);
});
