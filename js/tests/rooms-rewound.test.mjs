// SPDX-License-Identifier: MIT
// Another host's log goes on below where a page is, one thing at a time; lives made by chance are beside this.
import assert from "node:assert/strict";
import { test } from "node:test";
import { same, settle } from "./page.mjs";
import { ROOM, openRoom, peer } from "./room-page.mjs";

/** A page that has handled three messages of Bob's. */
async function withThree() {
  const page = await openRoom({ members: [peer("alice"), peer("bob")] });
  const seen = [];
  const { room } = page;
  room.onMessage = (from, data) => void seen.push(data);
  room.onRewound = (rewound) => void seen.push(rewound);
  room.onGap = (gap) => void seen.push(gap);
  for (const seq of [2, 3, 4]) page.node.said("bob", seq, seq);
  await settle();
  return { ...page, seen };
}
const runs = [[1, "alice", 2]];
const members = [peer("alice"), peer("bob")];
const subscribed = ({ node }) => node.of("subscribe").filter(({ page }) => page).at(-1);

test("the page is told, and what was handed out is not handed out again", async () => {
  const page = await withThree();
  const { node, seen, clock } = page;
  node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members });
  node.said("carol", 3, "new", { epoch: 2, host: "bob" });
  node.message(ROOM, 4, 4, { from: "bob", id: "bob-4", epoch: 2, host: "bob" });
  node.message(ROOM, 5, 3, { from: "bob", id: "bob-3", epoch: 2, host: "bob" });
  node.said("bob", 6, 6, { epoch: 2, host: "bob" });
  same(seen, [2, 3, 4, { from: [1, "alice", 4], to: [1, "alice", 2] }, "new", 6]);
  node.cut();
  await clock.advance(50);
  same([subscribed(page).after, subscribed(page).handled], [{ [ROOM]: [[1, "alice", 2], [2, "bob", 6]] }, { [ROOM]: [2, "bob", 6] }]);
});

test("what was handled above the fork is not: a cut then says so", async () => {
  const page = await withThree();
  page.node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members });
  page.node.cut();
  await page.clock.advance(50);
  same([subscribed(page).after, subscribed(page).handled], [{ [ROOM]: runs }, { [ROOM]: [1, "alice", 2] }]);
});

test("to the very beginning: that is a place, other than that of a page that has had nothing", async () => {
  const fresh = await openRoom();
  fresh.node.cut();
  await fresh.clock.advance(50);
  same(subscribed(fresh).after, {});
  const page = await withThree();
  page.node.tell({ type: "rewound", channel: ROOM, to: 0, runs: [], members: [] });
  page.node.cut();
  await page.clock.advance(50);
  same(subscribed(page).after, { [ROOM]: [] });
});

test("what waited above the fork is never shown", async () => {
  const page = await openRoom();
  const { room, node } = page;
  for (const seq of [2, 3, 4]) node.said("bob", seq, seq);
  node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members });
  const seen = [];
  room.onMessage = (from, data) => seen.push(data);
  await settle();
  same(seen, [2]);
});

test("who has come and gone by it is told before, and members are those of the log", async () => {
  const { room, node } = await openRoom({ members: [peer("alice"), peer("bob")] });
  const seen = [];
  room.onMemberJoin = ({ peerId }) => void seen.push(`${peerId} joins`);
  room.onMemberLeave = ({ peerId }) => void seen.push(`${peerId} leaves`);
  room.onRewound = () => void seen.push(room.members.map(({ peerId }) => peerId).join());
  node.member("leave", "bob", 3);
  node.member("join", "carol", 4);
  await settle();
  seen.length = 0;
  node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members: [peer("bob"), peer("alice")] });
  same(seen, ["carol leaves", "bob joins", "bob,alice"]);
});

test("a rewinding below what this page was told does not move it, but its own messages are asked about", async () => {
  const { room, node, seen } = await withThree();
  const sent = room.send("mine");
  for (const stage of ["accepted", "ordered", "delivered", "handled"]) node.receipt(sent.id, stage, { seq: 6 });
  await sent.handled;
  node.tell({ type: "rewound", channel: ROOM, to: 5, runs: [[1, "alice", 5]], members });
  same(seen, [2, 3, 4]);
  same(node.of("subscribe").at(-1).pending, { [ROOM]: [sent.id] });
  node.receipt(sent.id, "accepted");
  node.receipt(sent.id, "ordered", { seq: 8 });
  node.tell({ type: "rewound", channel: ROOM, to: 8, runs: [[1, "alice", 8]], members });
  assert.equal(node.of("subscribe").filter(({ pending }) => pending?.[ROOM]).length, 1);
  const errors = [];
  room.onError = ({ code, id }) => errors.push([code, id]);
  node.tell({ type: "rewound", channel: ROOM, to: 5, runs: [[1, "alice", 5]], members });
  node.receipt(sent.id, "lost");
  same(errors, [["lost", sent.id]]);
});

test("what was handed out and is on its way again may come to nothing: a question survives a cut", async () => {
  const page = await withThree();
  const { room, node, clock } = page;
  const sent = room.send("mine");
  for (const stage of ["accepted", "ordered", "delivered", "handled"]) node.receipt(sent.id, stage, { seq: 3 });
  await sent.handled;
  node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members });
  node.cut();
  await clock.advance(50);
  same(subscribed(page).pending, { [ROOM]: [sent.id] });
});

test("a gap is told, in its place, even where another host takes that place away", async () => {
  const { room, node } = await openRoom();
  let go;
  const seen = [];
  room.onMessage = (from, data) => (data === 2 ? new Promise((resolve) => (go = resolve)) : void seen.push(data));
  room.onGap = (gap) => void seen.push(gap);
  node.said("bob", 2, 2);
  const gap = { from: [1, "alice", 2], to: [2, "bob", 9] };
  node.tell({ type: "gap", channel: ROOM, ...gap, runs: [[1, "alice", 2], [2, "bob", 9]], members });
  node.said("bob", 10, 10, { epoch: 2, host: "bob" });
  node.tell({ type: "rewound", channel: ROOM, to: 2, runs, members });
  node.said("bob", 11, 11, { epoch: 3, host: "alice" });
  go();
  await settle();
  same(seen, [gap, 11]);
  same(node.of("ack").at(-1), { type: "ack", channel: ROOM, epoch: 3, host: "alice", seq: 11 });
});

test("a gap that nobody handles is said in the console", async () => {
  const { node, printed } = await openRoom();
  node.tell({ type: "gap", channel: ROOM, from: null, to: [2, "bob", 9], runs: [[2, "bob", 9]], members });
  await settle();
  assert.match(printed.error[0][1], /^room arcade_1 .*messages are gone/);
});

test("members pass messages that nobody handles, and acknowledge nothing of them", async () => {
  const { room, node } = await openRoom();
  node.said("bob", 2, "waits");
  node.member("join", "bob", 3);
  await settle();
  same([room.members.length, node.of("ack")], [2, []]);
  room.onMessage = () => {};
  await settle();
  same(node.of("ack").map(({ seq }) => seq), [2]);
});

test("a handler for members that is assigned twice in a turn greets once; a new one greets anew", async () => {
  const { room } = await openRoom({ members: [peer("alice"), peer("bob")] });
  const seen = [];
  const greet = ({ peerId }) => void seen.push(peerId);
  room.onMemberJoin = greet;
  room.onMemberJoin = greet;
  await settle();
  same(seen, ["bob"]);
  room.onMemberJoin = () => void seen.push("anew");
  await settle();
  same(seen, ["bob", "anew"]);
});

test("a page that has had nothing yet says where it began", async () => {
  const page = await openRoom({ runs: [[1, "alice", 2]] });
  page.node.cut();
  await page.clock.advance(50);
  same(subscribed(page).after, { [ROOM]: [[1, "alice", 2]] });
});

test("what does not fit is asked for again, from where the page is", async () => {
  const page = await openRoom();
  const { room, node, clock } = page;
  const seen = [];
  const said = (seq) => node.said("bob", seq, "x".repeat(60_000));
  for (let seq = 2; seq <= 101; seq++) said(seq);
  room.onMessage = (from, data, meta) => void seen.push(meta.seq);
  await clock.advance(100);
  const last = seen.at(-1);
  assert.ok(last < 101);
  same(subscribed(page).after, { [ROOM]: [[1, "alice", last]] });
  for (let seq = last + 1; seq <= 101; seq++) said(seq);
  same(seen, Array.from({ length: 100 }, (_, n) => n + 2));
});
