// SPDX-License-Identifier: MIT
// Where no WebSocket can be opened: server-sent events and POST, and back again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, openPage, same, settle } from "./page.mjs";

const row = { channelId: "c1", peerId: "bob", peerLabel: "Bob", state: "connected", detail: {}, delivery: "log" };

/** A channel over events, on a node whose WebSockets are `broken`. */
async function overEvents(broken) {
  const page = openPage();
  const { node, clock, realtime } = page;
  node.socketsAre = broken;
  node.answers.request = () => ({ ...row, state: "connecting" });
  node.answers.channels = () => [row];
  const asked = realtime.connect("bob");
  await clock.advance(500);
  node.state("c1", "connected");
  return { ...page, channel: await asked };
}

/** What was posted. */
const posts = (node) => node.asked.filter(([action]) => action === "frames").map(([, body]) => body);

for (const broken of ["throw", "refuse", "cut"]) {
  test(`where WebSockets ${broken}, a channel works both ways all the same`, async () => {
    const { channel, node, clock } = await overEvents(broken);
    assert.equal(node.streams.length, 1);
    assert.match(node.streams[0].url, /^\/api\/realtime\/events\?page=[0-9a-f]{32}$/);
    const seen = [];
    channel.onMessage = (data) => seen.push(data);
    node.message("c1", 1, "hello");
    const sent = channel.send("answer");
    await settle();
    same(node.of("send").map(({ data }) => data), ["answer"]);
    node.receipt(sent.id, "handled");
    await sent.handled;
    same(seen, ["hello"]);
    await clock.advance(0);
    same(node.of("ack").map(({ seq }) => seq), [1]);
  });
}

test("what happens in one turn shares a POST, and POSTs keep their order", async () => {
  const { channel, node } = await overEvents("throw");
  const before = posts(node).length;
  let answer;
  node.answers.frames = () => new Promise((resolve) => (answer = resolve));
  for (let n = 0; n < 3; n++) channel.send(n);
  await settle();
  channel.send(3);
  channel.send(4);
  await settle();
  assert.equal(posts(node).length, before + 1);
  node.answers.frames = () => ({});
  answer({});
  await settle();
  same(posts(node).slice(before).map(({ frames }) => frames.map(({ data }) => data)), [[0, 1, 2], [3, 4]]);
});

test("of signals that wait for a POST, the newest is sent", async () => {
  const { channel, node } = await overEvents("throw");
  for (let n = 0; n < 5; n++) channel.signal({ n });
  await settle();
  same(node.of("signal").map(({ data }) => data), [{ n: 4 }]);
});

test("large messages share no POST", async () => {
  const { channel, node } = await overEvents("throw");
  const before = posts(node).length;
  for (let n = 0; n < 5; n++) channel.send("x".repeat(60_000));
  await settle();
  same(posts(node).slice(before).map(({ frames }) => frames.length), [2, 2, 1]);
});

test("back to a WebSocket once one works; what was on its way is sent once more, with its id", async () => {
  const { channel, node, clock } = await overEvents("throw");
  const seen = [];
  channel.onMessage = (data) => seen.push(data);
  node.message("c1", 1, "one");
  const sent = channel.send("unanswered");
  await settle();
  node.socketsAre = "open";
  await clock.advance(10_000);
  assert.equal(node.sockets.length, 1);
  assert.equal(node.wire, node.socket);
  assert.equal(node.streams[0].readyState, 2);
  same(node.of("subscribe").at(-1).after, { c1: [1, 1] });
  same(node.of("send").map(({ id }) => id), [sent.id, sent.id]);
  node.streams[0].readyState = 1; // an event that was on its way
  node.streams[0].tell({ type: "message", channel: "c1", from: "bob", data: "two", id: "bobs-2", epoch: 1, seq: 2 });
  node.message("c1", 2, "two");
  same(seen, ["one", "two"]);
});

test("a WebSocket that opens and carries nothing does not take over", async () => {
  const { channel, node, clock } = await overEvents("throw");
  node.socketsAre = "cut";
  await clock.advance(30_000);
  assert.ok(node.sockets.length >= 3);
  assert.equal(node.wire, node.streams[0]);
  assert.equal(node.streams.length, 1);
  channel.send("still here");
  await settle();
  same(node.of("send").map(({ data }) => data), ["still here"]);
});

test("attempts to get back become rare, and online hurries them", async () => {
  const { node, clock, fire } = await overEvents("refuse");
  const tried = node.sockets.length;
  await clock.advance(3_600_000);
  const hourly = node.sockets.length - tried;
  assert.ok(hourly > 60 && hourly < 140, `${hourly} attempts in an hour`);
  node.socketsAre = "open";
  fire("online");
  await settle();
  assert.equal(node.wire, node.socket);
});

test("while the node is away, both are tried; then frames flow again", async () => {
  const { channel, node, clock } = await overEvents("throw");
  node.up = false;
  node.cut();
  channel.send("meanwhile");
  await clock.advance(20_000);
  assert.ok(node.streams.length > 2);
  node.socketsAre = "open";
  node.up = true;
  await clock.advance(10_000);
  assert.equal(node.wire, node.socket);
  assert.ok(node.of("send").every(({ data }) => data === "meanwhile"));
  assert.equal(new Set(node.of("send").map(({ id }) => id)).size, 1);
});

test("a POST that fails ends the stream; nothing is lost", async () => {
  const { channel, node, clock } = await overEvents("throw");
  node.answers.frames = () => ({ status: 500, problem: { code: "internal" } });
  channel.send("a");
  await settle();
  node.answers.frames = () => ({});
  channel.send("b");
  await clock.advance(2000);
  assert.equal(node.streams.length, 2);
  same([...new Set(node.of("send").map(({ data }) => data))], ["a", "b"]);
});

test("short-lived WebSockets count as broken, a long life forgives", async () => {
  const { node, clock } = await openChannel();
  node.answers.channels = () => [row];
  await clock.advance(2000);
  for (let n = 0; n < 2; n++) {
    node.cut();
    await clock.advance(500);
  }
  assert.equal(node.streams.length, 0);
  await clock.advance(2000);
  for (let n = 0; n < 2; n++) {
    node.cut();
    await clock.advance(900);
  }
  assert.equal(node.streams.length, 0);
  node.cut();
  await clock.advance(900);
  assert.equal(node.streams.length, 1);
});

for (const silence of ["is never answered", "opens and then says nothing"]) {
  test(`a WebSocket that ${silence} is given up after 3 s in all`, async () => {
    const { node, clock } = await openChannel();
    if (silence === "is never answered") node.socketsAre = "silent";
    else node.take = () => {};
    node.cut();
    await clock.advance(2_900);
    assert.equal(node.streams.length, 0);
    await clock.advance(300);
    assert.equal(node.sockets.length, 2);
    assert.equal(node.streams.length, 1);
  });
}

test("WebSockets have 3 s in all, also where each attempt takes its time to fail", async () => {
  const { node, clock } = await openChannel();
  node.socketsAre = "silent";
  node.cut();
  await clock.advance(2_500);
  node.socket.end();
  await clock.advance(800);
  assert.equal(node.sockets.length, 3);
  assert.equal(node.streams.length, 1);
});

test("events that say nothing are given up after 10 s", async () => {
  const { node, clock } = await overEvents("throw");
  node.take = () => {};
  node.cut();
  await clock.advance(500);
  const { length } = node.streams;
  await clock.advance(9_000);
  assert.equal(node.streams.length, length);
  await clock.advance(2_000);
  assert.ok(node.streams.length > length);
});

test("a page that the node refuses is told why, once, and whoever waits is too", async () => {
  const { node, clock, realtime } = openPage();
  const told = [];
  realtime.onError = (error) => told.push([error.code, error.message]);
  node.socketsAre = "refuse";
  node.refuses = { status: 431, problem: { code: "headers_too_large", detail: "Delete this site's cookies." } };
  const asked = realtime.connect("bob").catch((error) => error);
  await clock.advance(60_000);
  assert.equal((await asked).message, "Delete this site's cookies.");
  same(told, [["headers_too_large", "Delete this site's cookies."]]);
  node.refuses = null;
  node.socketsAre = "open";
  await clock.advance(10_000);
  assert.equal(node.wire, node.socket);
});

for (const [why, refuses] of [
  ["is away", null],
  ["is full for a while", { status: 503, problem: { code: "full", detail: "no place" } }],
]) {
  test(`while the node ${why}, whoever waits goes on waiting`, async () => {
    const { node, clock, realtime } = openPage();
    const told = [];
    realtime.onError = (error) => told.push(error.code);
    node.socketsAre = "refuse";
    node.refuses = refuses;
    node.up = refuses !== null;
    node.answers.request = () => ({ ...row, state: "connecting" });
    const asked = realtime.connect("bob");
    await clock.advance(20_000);
    node.up = true;
    node.refuses = null;
    node.socketsAre = "open";
    await clock.advance(10_000);
    node.state("c1", "connected");
    assert.equal((await asked).id, "c1");
    same(told, []);
  });
}

test("four tabs of an origin have a stream; a fifth is told, and has one when another goes", async () => {
  const taken = new Set();
  const locks = {
    async request(name, { ifAvailable }, run) {
      assert.equal(ifAvailable, true);
      if (taken.has(name)) return run(null);
      taken.add(name);
      await run({ name });
      taken.delete(name);
    },
  };
  const tabs = [];
  for (let n = 0; n < 5; n++) {
    const page = openPage({ names: { navigator: { locks } } }, "goop-realtime.js");
    page.node.socketsAre = "throw";
    page.told = [];
    page.realtime.onError = ({ code }) => page.told.push(code);
    page.waiting = page.realtime.channels().then((found) => found.length, ({ code }) => code);
    page.node.answers.channels = () => [];
    await page.clock.advance(1_000);
    tabs.push(page);
  }
  same(tabs.map(({ node }) => node.streams.length), [1, 1, 1, 1, 0]);
  same(await Promise.all(tabs.map(({ waiting }) => waiting)), [0, 0, 0, 0, "too_many_tabs"]);
  const [first, , , , last] = tabs;
  await last.clock.advance(30_000);
  same(last.told, ["too_many_tabs"]);
  first.fire("pagehide", { persisted: true });
  await last.clock.advance(10_000);
  assert.equal(last.node.wire, last.node.streams[0]);
});

test("where locks are refused, as with blocked cookies, a tab has its stream all the same", async () => {
  const locks = { request: () => Promise.reject(new DOMException("denied", "SecurityError")) };
  const page = openPage({ names: { navigator: { locks } } }, "goop-realtime.js");
  page.node.socketsAre = "throw";
  page.node.answers.channels = () => [];
  const found = page.realtime.channels();
  await page.clock.advance(1_000);
  same(await found, []);
});
