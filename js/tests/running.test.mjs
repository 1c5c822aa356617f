// SPDX-License-Identifier: MIT
// What runs and what waits: the page has the node's list, and says how it is itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const row = (channelId, more = {}) => ({
  channelId, peerId: "bob", peerLabel: "Bob", context: "chess_1", app: "", title: "Chess", template: "chess",
  state: "connected", text: "Your move", waiting: true, ended: false, unread: 0, sending: 0, since: 1, notify: false, ...more,
});

/** A page that follows; `seen` are the ids of rows and of ended ones, at each change. */
async function following() {
  const document = { visibilityState: "visible" };
  const page = openPage({ names: { document } });
  const seen = [];
  const following = page.realtime.running((rows, ended) =>
    seen.push([rows.map((one) => one.channelId), ended.map((one) => `${one.channelId} ${one.text} ${one.ended}`)]),
  );
  await settle();
  return { ...page, document, following, seen };
}

/** The last that the node was told of this page. */
const told = ({ node }) => node.of("subscribe").findLast((frame) => "running" in frame)?.running;

test("a page that follows says so when it connects, and what it is told comes as one list", async () => {
  const page = await following();
  same(told(page), { visible: true, notifies: false });
  page.node.tell({ type: "running", whole: true, rows: [row("a"), row("b")] });
  page.node.tell({ type: "running", whole: false, rows: [row("b", { text: "Bob's move" }), row("c")] });
  page.node.tell({ type: "running", whole: false, rows: [row("a", { state: "ended", ended: true, text: "over" })] });
  page.node.tell({ type: "running", whole: false, rows: [{ channelId: "b", state: "ended" }] });
  same(page.seen, [
    [["a", "b"], []],
    [["a", "b", "c"], []],
    [["b", "c"], ["a over true"]],
    [["c"], ["b Bob's move false"]],
  ]);
});

test("whoever follows later has the list at once, and the node is not asked again", async () => {
  const page = await following();
  page.node.tell({ type: "running", whole: true, rows: [row("a")] });
  const frames = page.node.frames.length;
  const seen = [];
  page.realtime.running((rows) => seen.push(rows.length));
  same([seen, page.node.frames.length], [[1], frames]);
});

test("after a break the list is the node's again, and what went meanwhile has ended", async () => {
  const page = await following();
  page.node.tell({ type: "running", whole: true, rows: [row("a"), row("b")] });
  page.node.cut();
  await page.clock.advance(1_000);
  same(told(page), { visible: true, notifies: false });
  page.node.tell({ type: "running", whole: true, rows: [row("b")] });
  same(page.seen.at(-1), [["b"], ["a Your move false"]]);
});

test("whether it is seen, notifies, or follows no more is told as it changes", async () => {
  const page = await following();
  page.following.notifies = true;
  page.following.notifies = true;
  page.document.visibilityState = "hidden";
  page.fire("visibilitychange");
  same(page.node.of("subscribe").slice(1).map(({ channels, running }) => [channels, running]), [
    [[], { visible: true, notifies: true }],
    [[], { visible: false, notifies: true }],
  ]);
  page.following.stop();
  assert.equal(told(page), false);
  const frames = page.node.frames.length;
  page.fire("visibilitychange");
  page.node.cut();
  await page.clock.advance(1_000);
  assert.ok(!page.node.frames.slice(frames).some((frame) => frame.running));
});

test("a handler that is none is a slip, and one that throws is the page's own trouble", async () => {
  const page = await following();
  assert.throws(() => page.realtime.running("rows"), /running\(onRows\): onRows: expected a function/);
  page.realtime.running(() => {
    throw new Error("planted");
  });
  page.node.tell({ type: "running", whole: true, rows: [row("a")] });
  same([page.seen.length, page.printed.error.length], [1, 1]);
});
