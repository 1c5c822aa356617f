// SPDX-License-Identifier: MIT
// Whatever goes wrong with what a page sends, the page is told: exactly once, and with its code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, settle } from "./page.mjs";

const REFUSALS = [
  "illegal_move", "invalid_message", "too_large", "too_deep", "malformed_json", "unknown_type", "outbox_full", "not_connected",
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

const SIGNALS = {
  "a cycle": { data: cycle, throws: "not_serialisable" },
  "half a character": { data: "\ud800", throws: "not_serialisable" },
  "too large": { data: "x".repeat(5_000), throws: "too_large" },
  "as large as it may be": { data: "x".repeat(4_094), gives: true },
  "a byte more": { data: "x".repeat(4_095), throws: "too_large" },
  "closed": { before: ({ node }) => node.end("c1", "closed"), gives: false },
  "suspended": { before: ({ node }) => node.state("c1", "disconnected", { suspended: true }), gives: false },
  "no socket": { before: ({ node }) => ((node.up = false), node.cut()), gives: false },
  "a peer without signals": { before: ({ node }) => node.state("c1", "connected", { delivery: "best-effort" }), gives: false },
  "too fast": { before: ({ channel }) => { for (let n = 0; n < 500; n++) channel.signal(n); }, gives: false },
};
for (const [name, { data = "x", before, throws, gives }] of Object.entries(SIGNALS)) {
  test(`signal, ${name}: ${throws ?? gives}`, async () => {
    const page = await openChannel();
    before?.(page);
    const count = page.node.of("signal").length;
    if (throws) assert.throws(() => page.channel.signal(data), { code: throws });
    else assert.equal(page.channel.signal(data), gives);
    assert.equal(page.node.of("signal").length, count + (gives ? 1 : 0));
  });
}

test("a signal that the node refuses all the same is told by onError", async () => {
  const { channel, node } = await openChannel();
  const told = [];
  channel.onError = (error) => told.push(error.code);
  channel.signal("x");
  node.tell({ type: "error", channel: "c1", code: "too_large", reason: "", pointer: "" });
  assert.deepEqual(told, ["too_large"]);
});

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
