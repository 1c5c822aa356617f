// SPDX-License-Identifier: MIT
// What is in no log: the newest of each kind, what leaves now or never, and lists of open rooms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openPage, same, settle } from "./page.mjs";
import { ROOM, emptyPage, openRoom, peer } from "./room-page.mjs";

const messages = {
  position: { delivery: "latest", key: "/ship", limits: { messageBytes: 100, rate: 20, burst: 4 } },
  ping: { delivery: "volatile", limits: { messageBytes: 100, rate: 10, burst: 4 } },
};
const position = (x, ship = 1) => ({ type: "position", ship, x });
const latest = (from, x, key = "1") => ({ type: "latest", channel: ROOM, from, data: position(x), key });

test("latest leaves at the pace of its type, only the newest of each key, and never late", async () => {
  const { room, node, clock } = await openRoom({ messages });
  for (let x = 1; x <= 60; x++) {
    room.send(position(x));
    room.send(position(-x, 2));
    await clock.advance(16);
  }
  await clock.advance(500);
  const sent = node.of("send").map(({ id, data }) => [id, data.ship, data.x]);
  assert.ok(sent.every(([id]) => id === undefined));
  assert.ok(sent.length > 10 && sent.length < 40, `${sent.length} left`);
  for (const [ship, last] of [[1, 60], [2, -60]]) {
    const mine = sent.filter(([, one]) => one === ship).map(([, , x]) => Math.abs(x));
    same(mine, [...mine].sort((a, b) => a - b));
    assert.equal(mine.at(-1), Math.abs(last));
  }
  assert.equal(room.bufferedAmount, 0);
});

test("awaiting latest waits until it has left, or a newer one; nobody confirms it", async () => {
  const { room, node, clock } = await openRoom({ messages });
  const sent = [1, 2, 3, 4, 5, 6].map((x) => room.send(position(x)));
  await clock.advance(200);
  await Promise.all(sent);
  for (const promise of [sent[0].delivered, sent[5].handled, sent[5].handledBy("bob")]) assert.equal(await codeOf(promise), "unsupported");
  assert.equal(node.of("send").at(-1).data.x, 6);
});

test("after a cut the newest is told again, since it may not have arrived", async () => {
  const { room, node, clock } = await openRoom({ messages });
  room.send(position(1));
  node.cut();
  room.send(position(2));
  room.send(position(7, 2));
  await clock.advance(100);
  same(node.of("send").slice(-2).map(({ data }) => [data.ship, data.x]), [[1, 2], [2, 7]]);
  node.cut();
  await clock.advance(100);
  same(node.of("send").slice(-2).map(({ data }) => [data.ship, data.x]), [[1, 2], [2, 7]]);
});

test("volatile leaves now or never, and whoever asks is told why it did not", async () => {
  const { room, node, clock, printed } = await openRoom({ messages });
  const ping = () => codeOf(room.send({ type: "ping" }));
  same(await Promise.all([ping(), ping(), ping(), ping()]), [null, null, null, "too_fast"]);
  node.room("joined", { suspended: true });
  await clock.advance(1000);
  assert.equal(await ping(), "not_connected");
  for (let n = 0; n < 9; n++) room.send({ type: "ping" });
  await clock.advance(1000);
  same([node.of("send").length, printed.error], [3, []]);
});

test("what is too large is told, also where nobody waits", async () => {
  const { room, clock } = await openRoom({ messages });
  const seen = [];
  room.onError = ({ code }) => seen.push(code);
  room.send({ ...position(1), more: "x".repeat(100) });
  room.send({ type: "ping", more: "x".repeat(100) });
  await clock.advance(1);
  same(seen, ["too_large", "too_large"]);
  assert.throws(() => room.send({ type: "ping", n: 1n }), { code: "not_serialisable" });
});

test("a slow page skips positions that a newer one has replaced, and misses no last one", async () => {
  const { room, node } = await openRoom({ messages });
  const seen = [];
  let go;
  room.onMessage = (from, data, { delivery, id, seq }) => {
    seen.push([from, data.x, delivery, id, seq]);
    if (data.x === 1) return new Promise((resolve) => (go = resolve));
  };
  for (let x = 1; x <= 9; x++) node.tell(latest("bob", x));
  node.tell(latest("carol", 3));
  node.tell(latest("bob", 4, "2"));
  go();
  await settle();
  same(seen, [["bob", 1, "latest", "", 0], ["bob", 9, "latest", "", 0], ["carol", 3, "latest", "", 0], ["bob", 4, "latest", "", 0]]);
});

test("positions wait for a handler, the newest of each; volatile messages do not", async () => {
  const { room, node } = await openRoom({ messages });
  for (let x = 1; x <= 9; x++) node.tell(latest("bob", x));
  for (let n = 0; n < 2000; n++) node.tell(latest("bob", n, `k${n}`));
  node.tell({ type: "volatile", channel: ROOM, from: "bob", data: { type: "ping" } });
  const seen = [];
  room.onMessage = (from, data, meta) => seen.push(meta.delivery);
  await settle();
  assert.equal(seen.length, 1000);
  node.tell({ type: "volatile", channel: ROOM, from: "bob", data: { type: "ping" } });
  assert.equal(seen.at(-1), "volatile");
});

test("leaving ends what has not left", async () => {
  const { room, node, clock } = await openRoom({ messages });
  const sent = [1, 2, 3, 4, 5, 6].map((x) => codeOf(room.send(position(x))));
  node.room("left", { code: "left" });
  await clock.advance(1000);
  assert.equal((await Promise.all(sent)).at(-1), "left");
  assert.ok(node.of("send").length < 6);
});

test("a list of open rooms follows what is there, over reconnects, until it is stopped", async () => {
  const { realtime, node, clock } = openPage();
  const list = realtime.rooms("arcade");
  assert.equal(list.rooms, null);
  const seen = [];
  list.onChange = (rooms) => seen.push(rooms.map(({ room }) => room).join());
  await settle();
  same(node.of("rooms"), [{ type: "rooms", context: "arcade", watch: true }]);
  const row = (room) => ({ room, title: "Arcade game", members: 2, maxPeers: 4, host: "bob" });
  node.tell({ type: "rooms", context: "arcade", rooms: [row("arcade_1")] });
  node.tell({ type: "rooms", context: "chess", rooms: [row("chess_1")] });
  same(list.rooms, [row("arcade_1")]);
  const second = realtime.rooms("arcade");
  second.onChange = (rooms) => seen.push(`second ${rooms.length}`);
  await settle();
  node.cut();
  await clock.advance(100);
  assert.equal(node.of("rooms").length, 2);
  node.tell({ type: "rooms", context: "arcade", rooms: [] });
  list.stop();
  node.tell({ type: "rooms", context: "arcade", rooms: [row("arcade_2")] });
  same(seen, ["arcade_1", "second 1", "", "second 0", "second 1"]);
  second.stop();
  second.stop();
  same(node.of("rooms").at(-1), { type: "rooms", context: "arcade", watch: false });
  assert.equal(node.of("rooms").length, 3);
  assert.throws(() => realtime.rooms(7), { name: "TypeError" });
  assert.throws(() => (list.onChange = 7), { name: "TypeError" });
});

test("without a WebSocket a room does the same over events and POST", async () => {
  const page = emptyPage();
  page.node.socketsAre = "throw";
  const asked = page.realtime.joinRoom("arcade_1");
  await page.clock.advance(100);
  page.node.room("joined", { messages, members: [peer("alice"), peer("bob")] });
  const room = await asked;
  const seen = [];
  room.onMessage = (from, data) => seen.push(data);
  page.node.said("bob", 2, "one");
  room.send("mine");
  for (let x = 0; x < 3; x++) room.send(position(x));
  await settle();
  same(page.node.of("send").map(({ data }) => data.x ?? data), ["mine", 2]);
  page.node.cut();
  await page.clock.advance(10_000);
  same(page.node.of("subscribe").at(-1).after, { [ROOM]: [[1, "alice", 2]] });
  same(seen, ["one"]);
});
