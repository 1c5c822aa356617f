// SPDX-License-Identifier: MIT
// Two pages whose handlers wait for each other's receipts: nobody waits for good.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, same } from "./page.mjs";

/** Two pages with a node between them that orders, delivers, and passes on what was handled. */
async function twoPages() {
  const pages = [await openChannel(), await openChannel()];
  const log = [];
  pages.forEach(({ node }, me) => {
    const other = pages[1 - me].node;
    const take = node.take.bind(node);
    node.take = (frame, wire) => {
      take(frame, wire);
      if (frame.type === "send") {
        log.push({ id: frame.id, author: me });
        node.receipt(frame.id, "delivered");
        other.message("c1", log.length, frame.data);
      } else if (frame.type === "ack") {
        // Up to there, all that the other page wrote has been handled here.
        for (const { id, author } of log.slice(0, frame.seq)) if (author !== me) other.receipt(id, "handled");
      }
    };
  });
  return pages;
}

test("handlers that await each other's receipts go on after 10 s", async () => {
  const [a, b] = await twoPages();
  const seen = { a: [], b: [] };
  for (const [name, { channel }] of [["a", a], ["b", b]]) {
    channel.onMessage = async (data) => {
      if (data.round < 3) await channel.send({ round: data.round + 1 }).handled;
      seen[name].push(data.round);
    };
  }
  a.channel.send({ round: 0 });
  b.channel.send({ round: 0 });
  for (let second = 0; second < 60; second++) for (const { clock } of [a, b]) await clock.advance(1000);
  for (const name of ["a", "b"]) same([...seen[name]].sort(), [0, 1, 2, 3]);
  assert.ok(a.printed.warn.some((text) => text.includes("onMessage of channel c1") && text.includes("10 s")));
  assert.equal(a.printed.error.length + b.printed.error.length, 0);
});

test("handlers that do not wait for receipts never pause", async () => {
  const [a, b] = await twoPages();
  for (const { channel } of [a, b]) {
    channel.onMessage = async ({ round }) => void (round < 100 && (await channel.send({ round: round + 1 })));
  }
  let last = 0;
  b.channel.onError = a.channel.onError = assert.fail;
  const { onMessage } = a.channel;
  a.channel.onMessage = (data) => {
    last = data.round;
    return onMessage(data);
  };
  b.channel.send({ round: 0 });
  for (let turn = 0; turn < 20; turn++) for (const { clock } of [a, b]) await clock.advance(0);
  assert.equal(last, 100);
});
