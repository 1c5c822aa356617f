// SPDX-License-Identifier: MIT
// What becomes of a send: ids, receipts, refusals, bounds, and nothing unhandled when ignored.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, same, settle } from "./page.mjs";

test("each send has an id of this page and a count of its own", async () => {
  const { channel, node } = await openChannel();
  const ids = Array.from({ length: 100 }, (_, n) => channel.send({ n }).id);
  const { page } = node.of("subscribe")[0];
  same(ids, ids.map((_, n) => `${page}-${n + 1}`));
  same(node.of("send")[1], { type: "send", channel: "c1", id: ids[1], data: { n: 1 } });
});

test("accepted, delivered and handled resolve one after the other", async () => {
  const { channel, node } = await openChannel();
  const sent = channel.send("move");
  const seen = [];
  sent.then(() => seen.push("accepted"));
  sent.delivered.then(() => seen.push("delivered"));
  sent.handled.then(() => seen.push("handled"));
  for (const stage of ["accepted", "delivered", "handled"]) {
    node.receipt(sent.id, stage);
    await settle();
    assert.equal(seen.at(-1), stage);
  }
  same(await sent, { id: sent.id });
});

test("handled says whether the other page's handler failed", async () => {
  const { channel, node } = await openChannel();
  const [well, badly] = [channel.send("a"), channel.send("b")];
  node.receipt(well.id, "handled");
  node.receipt(badly.id, "handled", { failed: true });
  same(await Promise.all([well.handled, badly.handled]), [{ id: well.id, failed: false }, { id: badly.id, failed: true }]);
});

test("a later stage implies the earlier ones", async () => {
  const { channel, node } = await openChannel();
  const sent = channel.send("move");
  node.receipt(sent.id, "handled");
  same(await Promise.all([sent, sent.delivered, sent.handled]), [{ id: sent.id }, { id: sent.id }, { id: sent.id, failed: false }]);
  assert.equal(channel.bufferedAmount, 0);
});

test("what is not JSON throws at once and takes no number", async () => {
  const { channel, node } = await openChannel();
  const cycle = {};
  cycle.self = cycle;
  for (const data of [undefined, () => {}, Symbol("x"), cycle, 10n]) {
    assert.throws(() => channel.send(data), { code: "not_serialisable" });
  }
  assert.match(channel.send({ toJSON: () => ({ type: "offer" }) }).id, /-1$/);
  same(node.of("send")[0].data, { type: "offer" });
});

test("what no node would understand throws at once, too", async () => {
  const { channel } = await openChannel();
  const nested = (depth) => (depth === 0 ? "}]".repeat(20) + "[{".repeat(20) : [nested(depth - 1)]);
  assert.throws(() => channel.send(nested(32)), { code: "too_deep" });
  assert.ok(channel.send(nested(31)).id);
  assert.ok(channel.send(Array(100).fill({})).id);
  for (const n of [2 ** 53, -(2 ** 53), 1e20]) assert.throws(() => channel.send([{ n }]), { code: "unsafe_integer" });
  for (const n of [2 ** 53 - 1, 1e21, 0.1, "1".repeat(20), '\\"' + "1".repeat(20)]) assert.ok(channel.send({ n, [`${n}`]: 1 }).id);
  for (const text of ["\ud800", "a\udfff", "\\\udc00"]) assert.throws(() => channel.send({ text }), { code: "not_serialisable" });
  for (const text of ["\u{1f600}", "\\ud800", "\\\\ud800"]) assert.ok(channel.send({ text }).id);
});

test("a refusal rejects what is left, with code, reason and pointer", async () => {
  const { channel, node } = await openChannel();
  const sent = channel.send({ type: "move", from: "e2", to: "e5" });
  node.tell({ type: "refused", channel: "c1", id: sent.id, code: "illegal_move", reason: "no pawn does that", pointer: "/to" });
  const error = await sent.catch((reason) => reason);
  assert.deepEqual([error.code, error.message, error.pointer, error.id], ["illegal_move", "no pawn does that", "/to", sent.id]);
  assert.equal(await codeOf(sent.delivered), "illegal_move");
  assert.equal(await codeOf(sent.handled), "illegal_move");
});

test("refused after it was accepted: accepted stays, the others reject, onError hears it", async () => {
  const { channel, node } = await openChannel();
  const heard = [];
  channel.onError = (error) => heard.push(error.code);
  const sent = channel.send("move");
  node.receipt(sent.id, "accepted");
  await sent;
  node.tell({ type: "refused", channel: "c1", id: sent.id, code: "not_your_turn", reason: "it is White's turn", pointer: "" });
  same(heard, ["not_your_turn"]);
  assert.equal(await codeOf(sent.handled), "not_your_turn");
});

test("a refusal that a promise reports is not reported twice", async () => {
  const { channel, node, printed } = await openChannel();
  const sent = channel.send("move");
  const code = codeOf(sent);
  node.tell({ type: "refused", channel: "c1", id: sent.id, code: "illegal_move", reason: "", pointer: "" });
  assert.equal(await code, "illegal_move");
  assert.equal(printed.error.length, 0);
});

test("ignoring every promise raises nothing but a line in the console", async () => {
  const unhandled = [];
  const listen = (error) => unhandled.push(error);
  process.on("unhandledRejection", listen);
  try {
    const { channel, node, clock, printed } = await openChannel();
    const sent = channel.send("move");
    node.tell({ type: "refused", channel: "c1", id: sent.id, code: "illegal_move", reason: "no", pointer: "" });
    channel.send("left open");
    node.end("c1", "closed");
    channel.send("too late");
    channel.close();
    await clock.advance(5000);
    assert.equal(printed.error.length, 3); // refused, too late, never accepted
    assert.deepEqual(unhandled, []);
  } finally {
    process.off("unhandledRejection", listen);
  }
});

test("receipts may follow a close; what is open after them rejects", async () => {
  const { channel, node, clock } = await openChannel();
  const first = channel.send("resign");
  const second = channel.send("gg");
  for (const { id } of [first, second]) node.receipt(id, "accepted");
  void channel.close();
  node.end("c1", "closed");
  node.receipt(first.id, "handled");
  assert.equal(await codeOf(first.handled), null);
  const codes = Promise.all([second, second.delivered, second.handled].map(codeOf));
  await clock.advance(5000);
  assert.deepEqual(await codes, [null, "closed", "closed"]);
});

for (const code of ["expired", "lost", "diverged"]) {
  test(`open receipts of a channel that ${code} say that nobody knows`, async () => {
    const { channel, node } = await openChannel();
    const sent = channel.send("move");
    node.receipt(sent.id, "delivered");
    node.end("c1", code);
    assert.equal(await codeOf(sent.handled), code);
  });
}

test("a refusal of the page itself comes as a rejection, not as an exception", async () => {
  const { channel, node, clock, printed } = await openChannel();
  node.end("c1", "closed");
  const late = codeOf(channel.send("late"));
  await clock.advance(0);
  assert.equal(await late, "closed");
  channel.send("nobody cares");
  await clock.advance(0);
  assert.equal(printed.error.length, 1);
});

test("a message beyond the node's size is refused here, and the socket lives on", async () => {
  const { channel, node, clock } = await openChannel();
  const large = codeOf(channel.send("ü".repeat(33 * 1024)));
  await clock.advance(0);
  assert.equal(await large, "too_large");
  assert.equal(node.of("send").length, 0);
});

test("where nobody can tell, the receipts say unsupported", async () => {
  const { channel, node, printed } = await openChannel();
  const sent = channel.send("move");
  node.receipt(sent.id, "unsupported");
  assert.equal(await codeOf(sent.delivered), null);
  assert.equal(await codeOf(sent.handled), "unsupported");
  node.state("c1", "connected", { delivery: "best-effort" });
  const other = channel.send("hint");
  node.receipt(other.id, "accepted");
  assert.equal(await codeOf(other), null);
  assert.equal(await codeOf(other.delivered), "unsupported");
  const asked = channel.send("whose receipt was lost with the socket");
  node.receipt(asked.id, "unsupported");
  assert.equal(await codeOf(asked), null);
  assert.equal(await codeOf(asked.delivered), "unsupported");
  assert.equal(await codeOf(asked.handled), "unsupported");
  assert.equal(printed.error.length, 0);
});

test("close is sent once, resolves at the end, and refuses what follows", async () => {
  const { channel, node, clock } = await openChannel();
  channel.send("last word");
  const over = channel.close();
  assert.equal(channel.close(), over);
  const late = codeOf(channel.send("late"));
  await clock.advance(0);
  assert.equal(await late, "closed");
  same(node.frames.slice(-2).map(({ type }) => type), ["send", "close"]);
  node.end("c1", "closed");
  await over;
  assert.equal(channel.state, "disconnected");
});

test("another person's message ids are nobody's business", async () => {
  const { channel, node } = await openChannel();
  node.tell({ type: "receipt", channel: "c1", id: "somebody-1", stage: "handled" });
  node.tell({ type: "refused", channel: "c1", id: "somebody-1", code: "x", reason: "", pointer: "" });
  assert.equal(channel.state, "connected");
});

test("after the node was full, onDrain comes when half of what was on its way is settled", async () => {
  const { channel, node, clock } = await openChannel();
  let drained = 0;
  channel.onDrain = () => drained++;
  const sent = Array.from({ length: 11 }, (_, n) => channel.send(n));
  for (const { id } of sent.slice(0, 10)) node.receipt(id, "delivered");
  const code = codeOf(sent[10]);
  node.tell({ type: "refused", channel: "c1", id: sent[10].id, code: "outbox_full", reason: "", pointer: "" });
  assert.equal(await code, "outbox_full");
  for (const { id } of sent.slice(0, 4)) node.receipt(id, "handled");
  await clock.advance(5000);
  assert.equal(drained, 0);
  node.receipt(sent[4].id, "handled");
  assert.equal(drained, 1);
});

test("a full node that nothing of ours waits at is tried again after a second", async () => {
  const { channel, node, clock } = await openChannel();
  let drained = 0;
  channel.onDrain = () => drained++;
  const { id } = channel.send("hello");
  channel.onError = () => {};
  node.tell({ type: "refused", channel: "c1", id, code: "outbox_full", reason: "", pointer: "" });
  await clock.advance(999);
  assert.equal(drained, 0);
  await clock.advance(1);
  assert.equal(drained, 1);
});

test("a send may say how long its receipts are waited for; the message goes on its way", async () => {
  const { channel, node, clock } = await openChannel();
  const sent = channel.send("move", { timeout: 3000 });
  const codes = Promise.all([sent.delivered, sent.handled].map(codeOf));
  await clock.advance(3000);
  assert.deepEqual(await codes, ["timeout", "timeout"]);
  node.receipt(sent.id, "accepted");
  same(await sent, { id: sent.id });
  node.answers.channels = () => [];
  node.cut();
  await clock.advance(50);
  same(node.of("send").map(({ id }) => id), [sent.id, sent.id]); // not delivered: sent again
});

test("receipts that have come in time stay", async () => {
  const { channel, node, clock } = await openChannel();
  const sent = channel.send("move", { timeout: 3000 });
  node.receipt(sent.id, "delivered");
  await clock.advance(3000);
  assert.equal(await codeOf(sent.delivered), null);
  assert.equal(await codeOf(sent.handled), "timeout");
});

test("a send that was not granted any more says what it needs", async () => {
  const { channel, node } = await openChannel();
  const sent = channel.send({ n: 1 });
  await settle();
  const more = { permission: "context:chess", home: "http://home.localhost/#template-ping" };
  node.tell({ type: "refused", channel: channel.id, id: sent.id, code: "permission_needed", reason: "no", pointer: "", ...more });
  const error = await sent.catch((reason) => reason);
  same([error.code, error.permission, error.home], ["permission_needed", more.permission, more.home]);
});
