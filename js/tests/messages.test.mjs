// SPDX-License-Identifier: MIT
// What a channel hands to the page, in which order, and what the page acknowledges by it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, same, settle } from "./page.mjs";

test("messages come in order, each once, with their meta", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  channel.onMessage = (data, meta) => seen.push([data.n, meta]);
  node.message("c1", 1, { n: 1 });
  node.message("c1", 2, { n: 2 });
  node.message("c1", 2, { n: 2 });
  node.message("c1", 1, { n: 1 });
  node.message("c1", 3, { n: 3 }, { epoch: 2 });
  same(seen.map(([n]) => n), [1, 2, 3]);
  same(seen[0][1], { id: "bobs-1", seq: 1, sentAt: 1, redelivered: false, from: "bob", delivery: "ordered" });
});

test("frames that come together are taken in order, and acknowledged once", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  assert.equal(node.of("subscribe")[0].batch, true);
  const frame = (seq, data) => ({ type: "message", channel: "c1", from: "bob", data, id: `bobs-${seq}`, epoch: 1, seq, sentAt: seq });
  node.tell([frame(1, "one"), frame(2, "two"), { type: "news" }, frame(3, "three")]);
  await settle();
  same(seen, ["one", "two", "three"]);
  same(node.of("ack").map(({ seq }) => seq), [3]);
});

test("a frame that makes no sense takes none behind it away", async () => {
  const { channel, node, printed } = await openChannel();
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  node.tell([null, { type: "message", channel: "c1", from: "bob", data: "one", id: "bobs-1", epoch: 1, seq: 1, sentAt: 1 }]);
  await settle();
  same(seen, ["one"]);
  assert.equal(printed.error.length, 1);
});

test("messages wait for a handler that is set later", async () => {
  const { channel, node } = await openChannel();
  node.message("c1", 1, "one");
  node.message("c1", 2, "two");
  const seen = [];
  assert.equal(node.of("ack").length, 0);
  channel.onMessage = (data) => seen.push(data);
  assert.equal(seen.length, 0);
  await settle();
  same(seen, ["one", "two"]);
});

test("a message of one's own other tab says so", async () => {
  const { channel, node } = await openChannel();
  let from = null;
  channel.onMessage = (_, meta) => (from = meta.from);
  node.message("c1", 1, "x", { from: "alice" });
  assert.equal(from, "alice");
});

test("a handler's promise is awaited before the channel's next message, and only there", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  const release = [];
  channel.onMessage = (data) => {
    seen.push(data);
    return new Promise((resolve) => release.push(resolve));
  };
  node.message("c1", 1, "offer");
  node.message("c1", 2, "candidate");
  await settle();
  same(seen, ["offer"]);
  assert.equal(node.of("ack").length, 0);
  release[0]();
  await settle();
  same(seen, ["offer", "candidate"]);
  same(node.of("ack"), [{ type: "ack", channel: "c1", epoch: 1, seq: 1 }]);
});

test("what a burst of messages acknowledges is one frame", async () => {
  const { channel, node } = await openChannel();
  channel.onMessage = () => {};
  for (let seq = 1; seq <= 50; seq++) node.message("c1", seq, seq);
  await settle();
  same(node.of("ack"), [{ type: "ack", channel: "c1", epoch: 1, seq: 50 }]);
});

for (const [kind, handler] of [
  ["throws", () => { throw new Error("oops"); }],
  ["rejects", async () => { throw new Error("oops"); }],
]) {
  test(`a handler that ${kind} is done, as one that failed, and the console says so`, async () => {
    const { channel, node, printed } = await openChannel();
    channel.onMessage = handler;
    node.message("c1", 1, "a");
    await settle();
    node.message("c1", 2, "b");
    await settle();
    assert.equal(printed.error.length, 2);
    assert.match(String(printed.error[0]), /onMessage failed/);
    assert.equal(node.of("ack").at(-1).seq, 2);
    same(node.of("ack").map(({ failed }) => failed), [[1], [2]]);
  });
}

test("a handler that never returns stops blocking after 10 s and is named", async () => {
  const { channel, node, clock, printed } = await openChannel({ context: "chess_3" });
  const seen = [];
  channel.onMessage = (data) => {
    seen.push(data);
    return data === "stuck" ? new Promise(() => {}) : undefined;
  };
  node.message("c1", 1, "stuck");
  node.message("c1", 2, "next");
  await clock.advance(9_999);
  same(seen, ["stuck"]);
  await clock.advance(1);
  same(seen, ["stuck", "next"]);
  assert.equal(printed.warn.length, 1);
  assert.match(printed.warn[0], /onMessage of channel c1 \(chess_3\)/);
});

for (const [how, late] of [["returns late", true], ["never returns", false]]) {
  test(`a message whose handler ${how} is not handled before, and failed where a later one was`, async () => {
    const { channel, node, clock } = await openChannel();
    let release;
    channel.onMessage = (data) => (data === "slow" ? new Promise((resolve) => (release = resolve)) : undefined);
    node.message("c1", 1, "slow");
    await clock.advance(20_000);
    assert.equal(node.of("ack").length, 0);
    if (late) release();
    await settle();
    node.message("c1", 2, "fast");
    await settle();
    same(node.of("ack").map(({ seq, failed }) => [seq, failed ?? []]), late ? [[1, []], [2, []]] : [[2, [1]]]);
  });
}

test("what failed is said again on a new socket, since an ack may have been lost", async () => {
  const { channel, node, clock } = await openChannel();
  channel.onMessage = () => {
    throw new Error("oops");
  };
  node.message("c1", 1, "a");
  await settle();
  node.answers.channels = () => [{ channelId: "c1", peerId: "bob", state: "connected", detail: {}, delivery: "log" }];
  node.cut();
  await clock.advance(100);
  same(node.of("subscribe").at(-1).failed, { c1: [1] });
});

test("a slow handler does not move the cursor back when it returns at last", async () => {
  const { channel, node, clock } = await openChannel();
  let release;
  channel.onMessage = (data) => (data === "slow" ? new Promise((resolve) => (release = resolve)) : undefined);
  node.message("c1", 1, "slow");
  node.message("c1", 2, "fast");
  await clock.advance(10_000);
  release();
  await settle();
  same(node.of("ack").map(({ seq }) => seq), [2]);
});

test("the end of a channel comes behind its last messages", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  let release;
  channel.onMessage = (data) => {
    seen.push(data);
    return new Promise((resolve) => (release = resolve));
  };
  channel.onStateChange = (state, detail) => seen.push([state, detail.code, detail.final]);
  node.message("c1", 1, "mate");
  node.message("c1", 2, "gg");
  node.end("c1", "closed");
  await settle();
  same(seen, ["mate"]);
  release();
  await settle();
  release();
  await settle();
  same(seen, ["mate", "gg", ["disconnected", "closed", true]]);
});

test("a state is told when it changed, and only then", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  channel.onStateChange = (state, detail) => seen.push([state, detail.suspended, detail.peerPage]);
  node.state("c1", "connected");
  node.state("c1", "connected", { peerPage: "open" });
  node.state("c1", "connected", { peerPage: "open" });
  node.state("c1", "disconnected", { suspended: true, peerPage: "unknown" });
  node.state("c1", "connected", { peerPage: "none" });
  same(seen, [["connected", false, "open"], ["disconnected", true, null], ["connected", false, "none"]]);
});

test("a change before there was a handler is told when there is one", async () => {
  const { channel, node } = await openChannel();
  node.end("c1", "closed");
  const seen = [];
  channel.onStateChange = (state, detail) => seen.push([state, detail.code]);
  await settle();
  same(seen, [["disconnected", "closed"]]);
});

test("a gap is told in its place, or printed", async () => {
  const { channel, node, printed } = await openChannel();
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  channel.onGap = (gap) => seen.push(gap);
  node.message("c1", 1, "one");
  node.tell({ type: "gap", channel: "c1", from: [1, 1], to: [1, 5] });
  node.message("c1", 4, "never");
  node.message("c1", 6, "six");
  same(seen, ["one", { from: [1, 1], to: [1, 5] }, "six"]);
  channel.onGap = null;
  node.tell({ type: "gap", channel: "c1", from: [1, 6], to: [1, 8] });
  assert.equal(printed.error.length, 1);
});

test("signals pass by the log", async () => {
  const { channel, node } = await openChannel();
  const seen = [];
  channel.onSignal = (data, meta) => seen.push([data, meta.from]);
  node.tell({ type: "signal", channel: "c1", from: "bob", data: "typing" });
  same(seen, [["typing", "bob"]]);
  assert.equal(channel.signal({ x: 1 }), true);
  same(node.of("signal"), [{ type: "signal", channel: "c1", data: { x: 1 } }]);
});

test("frames of a newer node are ignored", async () => {
  const { channel, node } = await openChannel();
  node.tell({ type: "weather", sky: "blue" });
  assert.equal(channel.state, "connected");
});

test("what does not fit in the inbox is asked for again when there is room", async () => {
  const { channel, node } = await openChannel();
  const big = "x".repeat(1024 * 1024);
  for (let seq = 1; seq <= 6; seq++) node.message("c1", seq, big);
  const seen = [];
  channel.onMessage = (_, meta) => seen.push(meta.seq);
  await settle();
  assert.equal(node.sockets.length, 2);
  const { after } = node.of("subscribe").at(-1);
  same(after, { c1: [1, seen.length] });
  for (let seq = seen.length + 1; seq <= 6; seq++) node.message("c1", seq, big);
  same(seen, [1, 2, 3, 4, 5, 6]);
});

test("an error frame reaches onError of its channel, else of the page, else the console", async () => {
  const { channel, node, printed, realtime } = await openChannel();
  const seen = [];
  channel.onError = (error) => seen.push(["channel", error.code, error.message]);
  node.tell({ type: "error", channel: "c1", code: "too_fast", reason: "slow down" });
  realtime.onError = (error) => seen.push(["page", error.code, error.message]);
  node.tell({ type: "error", code: "bad_frame", reason: "what?" });
  same(seen, [["channel", "too_fast", "slow down"], ["page", "bad_frame", "what?"]]);
  channel.onError = null;
  realtime.onError = null;
  node.tell({ type: "error", channel: "c1", code: "too_fast", reason: "slow down" });
  node.tell({ type: "error", code: "bad_frame", reason: "what?" });
  assert.equal(printed.error.length, 2);
});

test("a handler that fails never stops the other handlers", async () => {
  const { channel, node, printed } = await openChannel();
  channel.onStateChange = () => {
    throw new Error("oops");
  };
  node.state("c1", "connected", { peerPage: "none" });
  let got = null;
  channel.onMessage = (data) => (got = data);
  node.message("c1", 1, "still here");
  assert.equal(got, "still here");
  assert.equal(printed.error.length, 1);
});
