// SPDX-License-Identifier: MIT
// What the log still holds: asked for as a list, or handed out from its start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, openPage, same, settle } from "./page.mjs";

const row = { channelId: "c1", peerId: "bob", peerLabel: "Bob", context: "", params: null, state: "connected", detail: {}, delivery: "log" };

test("history comes in portions, in order, with what is known of each message", async () => {
  const { channel, node } = await openChannel();
  const told = (seq, from) => ({ from, data: seq, id: `${from}-${seq}`, epoch: 1, seq, sentAt: seq * 10, redelivered: seq === 1 });
  node.answers.history = ({ channel, after, limit }) => {
    assert.deepEqual([channel, limit], ["c1", "500"]);
    if (after === "0:0") return { start: [0, 0], messages: [told(1, "bob"), told(2, "alice")], next: [1, 2] };
    assert.equal(after, "1:2");
    return { start: [0, 0], messages: [told(3, "bob")], next: null };
  };
  const past = await channel.history();
  same(past.map(({ data, from }) => [data, from]), [[1, "bob"], [2, "alice"], [3, "bob"]]);
  same(past[0].meta, { id: "bob-1", seq: 1, sentAt: 10, redelivered: true, from: "bob", delivery: "ordered" });
});

test("history of a channel that the node has forgotten is an error with a code", async () => {
  const { channel, node } = await openChannel();
  node.answers.history = () => ({ status: 404, problem: { code: "unknown_channel", detail: "there is no such channel here" } });
  assert.equal(await codeOf(channel.history()), "unknown_channel");
});

/** A page that asks for a channel which is open already, from its start; unread are 4 and 5. */
async function fromTheStart() {
  const page = openPage();
  const { node, realtime } = page;
  const take = node.take.bind(node);
  node.take = (frame, wire) => {
    take(frame, wire);
    if (frame.page) setImmediate(() => [4, 5].forEach((n) => node.message("c1", n, n)));
  };
  node.answers.request = () => row;
  const channel = await realtime.connect("bob", { since: "start" });
  const seen = [];
  channel.onMessage = (data, { redelivered }) => seen.push(redelivered ? `${data} again` : data);
  return { ...page, channel, seen };
}

test("since start: what the log holds comes first and in order, then what is new, each once", async () => {
  const { node, seen } = await fromTheStart();
  node.message("c1", 6, 6); // before the node has heard that the page wants all
  await settle();
  same(node.of("subscribe").at(-1), { type: "subscribe", channels: ["c1"], since: { c1: "start" } });
  for (let n = 1; n <= 6; n++) node.message("c1", n, n, n <= 3 ? { redelivered: true } : {});
  node.message("c1", 7, 7);
  await settle();
  same(seen, ["1 again", "2 again", "3 again", 4, 5, 6, 7]);
  same(node.of("ack").map(({ seq }) => seq).at(-1), 7);
});

test("since start outlives a cut: it is asked again until it is answered, and only then forgotten", async () => {
  const page = openPage();
  const { node, realtime, clock } = page;
  node.answers.request = () => row;
  node.answers.channels = () => [row];
  const channel = await realtime.connect("bob", { since: "start" });
  node.cut();
  await clock.advance(100);
  same(node.of("subscribe").at(-1).since, { c1: "start" });
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  node.message("c1", 1, "one");
  await clock.advance(2000);
  node.cut();
  await clock.advance(100);
  const last = node.of("subscribe").at(-1);
  assert.equal(last.since, undefined);
  same(last.after, { c1: [1, 1] });
  same(seen, ["one"]);
});

test("a handler that was at work when all was asked for does not acknowledge what comes again", async () => {
  const page = await openChannel();
  const { channel, node, realtime } = page;
  let done;
  channel.onMessage = (data) => (data === "old" ? new Promise((resolve) => (done = resolve)) : undefined);
  node.message("c1", 9, "old");
  node.answers.request = () => row;
  await realtime.connect("bob", { since: "start" });
  await settle();
  done();
  await settle();
  same(node.of("ack"), []);
  node.message("c1", 1, "first");
  await settle();
  same(node.of("ack").map(({ seq }) => seq), [1]);
});
