// SPDX-License-Identifier: MIT
// Whatever goes wrong with what a page sends, the page is told: exactly once, and with its code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, settle } from "./page.mjs";

const REFUSALS = [
  "illegal_move", "invalid_message", "too_large", "too_deep", "unsafe_integer", "malformed_json", "unknown_type", "outbox_full", "not_connected",
  "closed", "bad_id", "bad_request", "overtaken", "plugin_error", "internal_error", "storage_failed", "storage_busy",
  "permission_needed", "unknown_channel",
];
const ENDS = ["closed", "expired", "lost", "diverged", "overflow", "failed"];
const cycle = {};
cycle.self = cycle;

/** What happens to a send; each gives the code that the page is to hear. */
const FAULTS = {
  "too large": { data: "x".repeat(70_000), code: "too_large" },
  "a cycle": { data: cycle, code: "not_serialisable", throws: true },
  "half a character": { data: "\ud800", code: "not_serialisable", throws: true },
  "closed by us": { before: ({ channel }) => void channel.close(), code: "closed" },
  "closed by them": { before: ({ node }) => node.end("c1", "closed"), code: "closed" },
  "hung up on for its size": { after: ({ node }) => node.cut(1009), code: "too_large" },
  ...Object.fromEntries(
    REFUSALS.map((code) => [
      `refused: ${code}`,
      { after: ({ node }, id) => node.tell({ type: "refused", channel: "c1", id, code, reason: "no", pointer: "" }), code },
    ]),
  ),
  ...Object.fromEntries(
    REFUSALS.map((code) => [
      `an error: ${code}`,
      { after: ({ node }, id) => node.tell({ type: "error", channel: "c1", id, code, reason: "no", pointer: "" }), code },
    ]),
  ),
  ...Object.fromEntries(ENDS.map((code) => [`the end: ${code}`, { after: ({ node }) => node.end("c1", code), code: ["expired", "lost", "diverged"].includes(code) ? code : "closed" }])),
};

for (const [name, { data = "x", before, after, code, throws }] of Object.entries(FAULTS)) {
  for (const watched of [true, false]) {
    test(`send, ${name}: told once ${watched ? "by the promise" : "by onError"}`, async () => {
      const page = await openChannel();
      const { channel, node, clock, printed } = page;
      node.answers.channels = () => [{ channelId: "c1", peerId: "bob", state: "connected", detail: {}, delivery: "log" }];
      const told = [];
      channel.onError = (error) => told.push(error.code);
      before?.(page);
      if (throws) return assert.throws(() => channel.send(data), { code });
      const sent = channel.send(data);
      if (watched) sent.then(() => told.push("accepted"), (error) => told.push(error.code));
      await settle();
      after?.(page, sent.id);
      await clock.advance(10_000);
      assert.deepEqual(told, [code]);
      assert.equal(printed.error.length, 0);
    });
  }
}

const deep = (levels) => (levels === 0 ? 1 : [deep(levels - 1)]);
const suspended = (code) => ({ node }) => node.state("c1", "disconnected", { suspended: true, code });

/** What stands in a signal's way; each gives what it throws, or that it returns false. */
const OBSTACLES = {
  "a cycle": { data: cycle, throws: "not_serialisable" },
  "half a character": { data: "\ud800", throws: "not_serialisable" },
  "a function": { data: () => {}, throws: "not_serialisable" },
  "a number beyond JSON": { data: 1n, throws: "not_serialisable" },
  "an integer that others would round": { data: [2 ** 53], throws: "unsafe_integer" },
  "too deep": { data: deep(40), throws: "too_deep" },
  "too large": { data: "x".repeat(70_000), throws: "too_large" },
  "a byte too many": { data: "x".repeat(4_095), throws: "too_large" },
  "larger than this node takes": {
    before: ({ node }) => node.state("c1", "connected", { limits: { messageBytes: 9, signalBytes: 9, rate: 9, burst: 9 } }),
    data: "x".repeat(8), throws: "too_large",
  },
  "closed by us": { before: ({ channel }) => void channel.close() },
  "suspended": { before: suspended() },
  ...Object.fromEntries(
    ["plugin_missing", "plugin_failed", "contract_mismatch", "blocked"].map((code) => [`suspended: ${code}`, { before: suspended(code) }]),
  ),
  ...Object.fromEntries(ENDS.map((code) => [`the end: ${code}`, { before: ({ node }) => node.end("c1", code) }])),
  "a node that does not know the channel": {
    before: ({ node }) => node.tell({ type: "error", channel: "c1", code: "unknown_channel", reason: "", pointer: "" }),
  },
  "a node that is away": { before: ({ node }) => ((node.up = false), node.cut()) },
  "hung up on for its size": { before: ({ node }) => node.cut(1009) },
  "a line that is not ready again": {
    before: async ({ node, clock }) => {
      node.cut();
      node.socketsAre = "silent";
      await clock.advance(1_000);
    },
  },
  "a frozen page": { before: ({ fire }) => fire("freeze") },
  "a peer without signals": { before: ({ node }) => node.state("c1", "connected", { delivery: "best-effort" }) },
  "too fast": { before: ({ channel }) => { for (let n = 0; n < 500; n++) channel.signal(n); } },
};
for (const [name, { data = "x", before, throws }] of Object.entries(OBSTACLES)) {
  test(`signal, ${name}: ${throws ?? "false"}`, async () => {
    const page = await openChannel();
    await before?.(page);
    const count = page.node.of("signal").length;
    if (throws) assert.throws(() => page.channel.signal(data), { code: throws });
    else assert.equal(page.channel.signal(data), false);
    await page.clock.advance(10_000);
    assert.equal(page.node.of("signal").length, count, "nothing of it leaves later");
  });
}

test("signal, as large as it may be: it leaves, and nothing is told", async () => {
  const { channel, node, printed } = await openChannel();
  assert.equal(channel.signal("x".repeat(4_094)), true);
  await settle();
  assert.equal(node.of("signal").length, 1);
  assert.deepEqual(printed.error, []);
});

/** What the node says of a signal that has left. */
const ANSWERS = {
  ...Object.fromEntries(
    REFUSALS.map((code) => [`an error: ${code}`, [({ node }) => node.tell({ type: "error", channel: "c1", code, reason: "no", pointer: "" }),
      code === "unknown_channel" ? "lost" : code]]),
  ),
  ...Object.fromEntries(ENDS.map((code) => [`the end: ${code}`, [({ node }) => node.end("c1", code), code]])),
  "the node is gone": [({ node }) => ((node.up = false), node.cut()), "node_unreachable"],
};
for (const [name, [answer, code]] of Object.entries(ANSWERS)) {
  for (const handled of [true, false]) {
    test(`signal, ${name}: told once ${handled ? "by a handler" : "by the console"}`, async () => {
      const page = await openChannel();
      const { channel, node, clock, printed } = page;
      const told = [];
      channel.onStateChange = (_, detail) => told.push(detail.code);
      if (handled) channel.onError = (error) => told.push(error.code);
      await settle();
      assert.equal(channel.signal("x"), true);
      answer(page);
      await clock.advance(10_000);
      assert.deepEqual([...told, ...printed.error.map((words) => words.at(-1).code)], [code]);
      assert.equal(node.of("signal").length, 1, "it is never repeated");
    });
  }
}

test("too fast is nothing that a page hears of: it is sent again, in its place", async () => {
  const { channel, node, clock } = await openChannel();
  const sent = [channel.send("a"), channel.send("b"), channel.send("c")];
  const refuse = ({ id }) => node.tell({ type: "refused", channel: "c1", id, code: "too_fast", reason: "", pointer: "" });
  sent.forEach(refuse);
  channel.send("d");
  await clock.advance(1_000);
  assert.deepEqual(node.of("send").map(({ data }) => data), ["a", "b", "c", "a", "b", "c", "d"]);
  assert.equal(node.of("send")[3].id, sent[0].id);
});
