// SPDX-License-Identifier: MIT
// What a channel's context does not order: the newest of each kind, and what leaves now or never.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, same, settle } from "./page.mjs";

const messages = {
  cursor: { delivery: "latest", key: "/hand", limits: { messageBytes: 100, rate: 20, burst: 4 } },
  blink: { delivery: "volatile", limits: { messageBytes: 100, rate: 10, burst: 4 } },
};
const cursor = (x, hand = 1) => ({ type: "cursor", hand, x });

async function open() {
  const page = await openChannel();
  page.node.state("c1", "connected", { messages });
  await settle();
  return page;
}

test("the newest of each key leaves, without an id, and again over the next connection", async () => {
  const { channel, node, clock } = await open();
  for (let x = 1; x <= 9; x++) channel.send(cursor(x));
  const other = channel.send(cursor(7, 2));
  await clock.advance(500);
  await other;
  const sent = node.of("send");
  assert.ok(sent.every(({ id }) => id === undefined));
  same(sent.filter(({ data }) => data.hand === 1).at(-1).data.x, 9);
  node.cut();
  await clock.advance(500);
  same(node.of("send").slice(sent.length).map(({ data }) => [data.hand, data.x]), [[1, 9], [2, 7]]);
  const rest = channel.send(cursor(8));
  same(await Promise.all([codeOf(rest.delivered), codeOf(rest.handled)]), ["unsupported", "unsupported"]);
});

test("what is too large or cannot leave is told", async () => {
  const { channel, node, clock } = await open();
  const large = codeOf(channel.send(cursor("x".repeat(200))));
  await clock.advance(1);
  assert.equal(await large, "too_large");
  assert.equal(await codeOf(channel.send({ type: "blink" })), null);
  node.state("c1", "disconnected", { suspended: true });
  assert.equal(await codeOf(channel.send({ type: "blink" })), "not_connected");
  node.end("c1", "closed");
  const late = codeOf(channel.send(cursor(1)));
  await clock.advance(1);
  assert.equal(await late, "closed");
});

test("a handler gets the newest of what waits for it, and what is now or never at once", async () => {
  const { channel, node } = await open();
  const latest = (x, hand = 1) => ({ type: "latest", channel: "c1", from: "bob", data: cursor(x, hand), key: `${hand}`, sentAt: x });
  node.tell(latest(1));
  node.tell(latest(2, 2));
  node.tell(latest(3));
  const seen = [];
  channel.onMessage = (data, { id, seq, from, delivery }) => void seen.push([data.type, data.x ?? 0, id, seq, from, delivery]);
  await settle();
  node.tell({ type: "volatile", channel: "c1", from: "bob", data: { type: "blink" } });
  await settle();
  same(seen, [
    ["cursor", 3, "", 0, "bob", "latest"],
    ["cursor", 2, "", 0, "bob", "latest"],
    ["blink", 0, "", 0, "bob", "volatile"],
  ]);
});
