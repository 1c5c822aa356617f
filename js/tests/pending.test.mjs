// SPDX-License-Identifier: MIT
// What is on its way: listed, and told of when it changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, same, settle } from "./page.mjs";

const waiting = (n) => ({ id: `other-${n}`, data: { n }, sentAt: n * 10 });

test("what waits comes in portions, in order; one that has left meanwhile repeats nothing", async () => {
  const { channel, node } = await openChannel();
  const asked = [];
  node.answers.pending = ({ channel, after, limit }) => {
    asked.push([channel, after, limit]);
    return after === "" ? { messages: [waiting(1), waiting(2)], next: "other-2" } : { messages: [waiting(3)], next: null };
  };
  same(await channel.pending(), [waiting(1), waiting(2), waiting(3)]);
  same(asked, [["c1", "", "500"], ["c1", "other-2", "500"]]);
});

test("pending of a channel that the node has forgotten is an error with a code", async () => {
  const { channel, node } = await openChannel();
  node.answers.pending = () => ({ status: 404, problem: { code: "unknown_channel", detail: "there is no such channel here" } });
  assert.equal(await codeOf(channel.pending()), "unknown_channel");
});

test("a handler has the node tell what waits at once, at every change, and after every cut", async () => {
  const { channel, node, clock } = await openChannel();
  node.answers.channels = () => [{ channelId: "c1", state: "connected", detail: {} }];
  assert.ok(node.of("subscribe").every(({ outbox }) => outbox === undefined), "nobody has asked for it yet");
  const told = [];
  channel.onPending = (count) => told.push(count);
  await settle();
  same(node.of("subscribe").at(-1), { type: "subscribe", channels: ["c1"], outbox: true });
  for (const count of [2, 1]) node.tell({ type: "pending", channel: "c1", count });
  node.cut();
  await clock.advance(100);
  assert.equal(node.of("subscribe").at(-1).outbox, true);
  node.tell({ type: "pending", channel: "c1", count: 0 });
  await settle();
  same(told, [2, 1, 0]);
});

test("a handler assigned while the node is away is told when it is back", async () => {
  const { channel, node, clock } = await openChannel();
  node.answers.channels = () => [{ channelId: "c1", state: "connected", detail: {} }];
  node.cut();
  channel.onPending = () => {};
  await clock.advance(100);
  assert.equal(node.of("subscribe").at(-1).outbox, true);
});

test("of a handler that is no function the page is told", async () => {
  const { channel } = await openChannel();
  assert.throws(() => (channel.onPending = "now"), /channel\.onPending: expected a function, found "now"/);
});
