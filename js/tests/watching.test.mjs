// SPDX-License-Identifier: MIT
// watch(): told of every change of a context, once at the beginning and after every cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

/** A page that watches chess; the fake node says so as a node does. */
async function watching(onChange) {
  const page = openPage();
  page.node.answers.channels = () => [];
  const stop = page.realtime.watch("chess", onChange);
  await settle();
  return { ...page, stop };
}
const changed = (node, context = "chess") => node.tell({ type: "changed", context });

test("the node is asked, and the handler runs when the watching has begun and at each change", async () => {
  let runs = 0;
  const { node } = await watching(() => void runs++);
  same(node.of("subscribe").map((frame) => frame.watch), [["chess"]]);
  assert.equal(runs, 1);
  changed(node);
  await settle();
  changed(node, "video_call");
  await settle();
  assert.equal(runs, 2);
});

test("who watches later says so at once, and takes no channel for it", async () => {
  const { node, realtime } = await watching(() => {});
  let runs = 0;
  realtime.watch("tally", () => void runs++);
  await settle();
  const last = node.of("subscribe").at(-1);
  same([last.watch, last.channels], [["chess", "tally"], []]);
  assert.equal(runs, 1);
});

test("after a cut the handler runs again: what changed meanwhile nobody could say", async () => {
  let runs = 0;
  const { node, clock } = await watching(() => void runs++);
  node.cut();
  await clock.advance(1_000);
  await settle();
  same(node.of("subscribe").at(-1).watch, ["chess"]);
  assert.equal(runs, 2);
});

test("a handler never runs twice at once, and what comes meanwhile is one more run", async () => {
  let runs = 0;
  let done = () => {};
  const { node } = await watching(() => {
    runs++;
    return new Promise((resolve) => (done = resolve));
  });
  for (let n = 0; n < 5; n++) changed(node);
  await settle();
  assert.equal(runs, 1);
  done();
  await settle();
  assert.equal(runs, 2);
  done();
  await settle();
  assert.equal(runs, 2);
});

test("a handler that throws is named, and runs again; one that was stopped does not", async () => {
  let runs = 0;
  const { node, printed, stop } = await watching(() => {
    runs++;
    throw new Error("no list");
  });
  changed(node);
  await settle();
  assert.equal(runs, 2);
  assert.equal(printed.error.length, 2);
  stop();
  changed(node);
  await settle();
  assert.equal(runs, 2);
});

test("what is no context and no function is told at once", async () => {
  const { realtime } = openPage();
  assert.throws(() => realtime.watch("", () => {}), { name: "TypeError" });
  assert.throws(() => realtime.watch("chess"), { name: "TypeError" });
});
