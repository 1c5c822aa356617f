// SPDX-License-Identifier: MIT
// A page that sends as it likes: everything arrives, in order, and nothing is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, same } from "./page.mjs";

/** A reproducible source of numbers from 0 to 1 (mulberry32). */
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The node's judgement of one page's sends: its bucket, which others may use too, and that nothing
 * overtakes what it has refused as too fast. Frames take their time both ways, and stay in order.
 */
function judged(page, { rate, burst, random, lag, others = 0 }) {
  const { node, clock } = page;
  const took = { order: [], refused: 0 };
  let [tokens, at, hurried, arrives, answers] = [burst, 0, 0, 0, 0];
  const known = new Set();
  const judge = ({ id, data }) => {
    const counter = Number(id.split("-")[1]);
    answers = Math.max(answers, clock.now + lag * random());
    const answer = (frame) => clock.setTimeout(() => node.tell({ channel: "c1", id, ...frame }), answers - clock.now);
    if (known.has(id)) return answer({ type: "receipt", stage: "handled" });
    tokens = Math.max(0, Math.min(burst, tokens + ((clock.now - at) * rate) / 1000));
    at = clock.now;
    if (random() < others) tokens = Math.max(0, tokens - random() * burst);
    if ((hurried && counter > hurried) || tokens < 1) {
      if (!hurried || counter < hurried) hurried = counter;
      took.refused++;
      return answer({ type: "refused", code: "too_fast", reason: "", pointer: "" });
    }
    [tokens, hurried] = [tokens - 1, 0];
    known.add(id);
    took.order.push(data);
    answer({ type: "receipt", stage: "handled" });
  };
  const take = node.take.bind(node);
  node.take = (frame, wire) => {
    take(frame, wire);
    arrives = Math.max(arrives, clock.now + lag * random());
    const judging = frame.type === "send" ? () => judge(frame) : () => "retries" in frame && (hurried = 0);
    clock.setTimeout(judging, arrives - clock.now);
  };
  return took;
}

const told = (node, limits) => node.state("c1", "connected", { limits: { messageBytes: 65536, signalBytes: 4096, ...limits } });

test("a loop of 1,000 sends arrives in order, and none is refused", async () => {
  const page = await openChannel();
  const { channel, node, clock } = page;
  told(node, { rate: 240, burst: 480 });
  const took = judged(page, { rate: 240, burst: 480, random: numbers(1), lag: 20 });
  const outcomes = Promise.all(Array.from({ length: 1000 }, (_, n) => codeOf(channel.send(n))));
  await clock.advance(6_000);
  same(took.order, Array.from({ length: 1000 }, (_, n) => n));
  assert.equal(took.refused, 0);
  assert.ok((await outcomes).every((code) => code === null));
});

for (let seed = 1; seed <= 24; seed++) {
  test(`any pattern of sends arrives complete and in order (${seed})`, async () => {
    const random = numbers(seed);
    const page = await openChannel();
    const { channel, node, clock, printed } = page;
    node.answers.channels = () => [{ channelId: "c1", peerId: "bob", state: "connected", detail: {}, delivery: "log" }];
    const limits = { rate: 5 + random() * 400, burst: 4 + Math.floor(random() * 500) };
    told(node, limits);
    const others = seed % 3 === 0 ? 0.02 : 0;
    // Within what the margin forgives; with others on the channel the node may refuse.
    const lag = Math.min(200, (limits.burst / 4 / limits.rate) * 500);
    const took = judged(page, { ...limits, random, lag, others });
    let count = 0;
    const failed = [];
    for (let round = 0; round < 8; round++) {
      const burst = Math.floor(random() * 60);
      for (let n = 0; n < burst; n++) channel.send(count++).catch((error) => failed.push(error.code));
      if (seed % 4 === 0 && round === 5) node.cut();
      await clock.advance(Math.floor(random() * 800));
    }
    await clock.advance(200_000);
    same(took.order, Array.from({ length: count }, (_, n) => n));
    same(failed, []);
    if (others === 0 && seed % 4 !== 0) assert.equal(took.refused, 0);
    assert.equal(printed.error.length, 0);
  });
}

test("beyond the bound a send is refused, and onDrain says once when there is room", async () => {
  const { channel, node, clock } = await openChannel();
  let drained = 0;
  channel.onDrain = () => drained++;
  const sent = Array.from({ length: 1000 }, (_, n) => channel.send(n));
  const beyond = codeOf(channel.send("beyond"));
  await clock.advance(5_000);
  assert.equal(await beyond, "outbox_full");
  for (const { id } of sent.slice(0, 499)) node.receipt(id, "handled");
  assert.equal(drained, 0);
  node.receipt(sent[499].id, "handled");
  assert.equal(drained, 1);
  for (const { id } of sent.slice(500)) node.receipt(id, "handled");
  assert.equal(drained, 1);
  assert.equal(channel.bufferedAmount, 0);
});

test("a page that goes on at each onDrain has everything arrive, however much it is", async () => {
  const page = await openChannel();
  const { channel, clock } = page;
  const took = judged(page, { rate: 240, burst: 480, random: numbers(7), lag: 20 });
  let waiting = Array.from({ length: 2_500 }, (_, n) => n);
  channel.onDrain = () => {
    for (const n of waiting.splice(0)) {
      channel.send(n).catch(({ code }) => (assert.equal(code, "outbox_full"), waiting.push(n)));
    }
  };
  channel.onDrain();
  await clock.advance(60_000);
  same(took.order, Array.from({ length: 2_500 }, (_, n) => n));
});

test("signals do not use up what sends need, and say when they do not leave", async () => {
  const { channel, node, clock } = await openChannel();
  told(node, { rate: 10, burst: 8 });
  const left = Array.from({ length: 20 }, (_, n) => channel.signal(n));
  assert.equal(left.filter(Boolean).length, node.of("signal").length);
  assert.ok(left.includes(false));
  channel.send("a message");
  await clock.advance(1_000);
  same(node.of("send").map(({ data }) => data), ["a message"]);
});
