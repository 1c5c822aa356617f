// SPDX-License-Identifier: MIT
// What a page sends to a room, what becomes of it, and what is wrong with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, same, settle } from "./page.mjs";
import { ROOM, openRoom, peer } from "./room-page.mjs";

test("what had not settled when the room was left rejects with left", async () => {
  const { room, node } = await openRoom();
  const sent = room.send(1);
  node.receipt(sent.id, "accepted");
  await sent;
  const [delivered, by] = [codeOf(sent.delivered), codeOf(sent.handledBy("bob"))];
  node.room("left", { code: "left" });
  same([await delivered, await by], ["left", "left"]);
});

test("a page that leaves and comes back counts its messages on", async () => {
  const { room, node, realtime } = await openRoom();
  const first = room.send(1).id;
  const left = room.leave();
  const back = realtime.joinRoom("arcade_1");
  await settle();
  assert.equal(node.asked.filter(([action]) => action === "join").length, 1); // it waits until it has left
  node.room("left", { code: "left" });
  await left;
  await settle();
  node.room("joined");
  const again = await back;
  assert.notEqual(again, room);
  const [page, number] = first.split("-");
  same([number, again.send(2).id], ["1", `${page}-2`]);
});

test("each room counts for itself", async () => {
  const { room, node, realtime } = await openRoom();
  node.answers.join = () => ({ channelId: "room-2", id: "lobby", state: "joining" });
  const asked = realtime.joinRoom("lobby");
  await settle();
  node.room("joined", { channel: "room-2", id: "lobby" });
  const lobby = await asked;
  same([room.send(1).id, lobby.send(1).id, lobby.send(2).id].map((id) => id.split("-")[1]), ["1", "1", "2"]);
  const [one, two] = [room.send(2), lobby.send(3)];
  node.tell({ type: "receipt", channel: "room-2", id: one.id, stage: "accepted" }); // the lobby's second
  node.tell({ type: "receipt", channel: "room-2", id: two.id, stage: "accepted" });
  await two;
  assert.ok(room.bufferedAmount > 0);
});

test("delivered, handled, and who has handled it", async () => {
  const { room, node } = await openRoom({ members: [peer("alice"), peer("bob"), peer("carol")] });
  const sent = room.send({ type: "shoot" });
  const carol = codeOf(sent.handledBy("carol"));
  const bob = sent.handledBy("bob");
  node.receipt(sent.id, "accepted");
  same(await sent, { id: sent.id });
  node.receipt(sent.id, "ordered", { seq: 5 });
  node.receipt(sent.id, "delivered", { seq: 5 });
  same(await sent.delivered, { id: sent.id });
  node.receipt(sent.id, "handled", { seq: 5, by: "bob", failed: true });
  same(await bob, { id: sent.id, failed: true });
  node.receipt(sent.id, "handled", { seq: 5 });
  same(await sent.handled, { id: sent.id, failed: false });
  assert.equal(await carol, "left"); // she went before
  same(await sent.handledBy("bob"), { id: sent.id, failed: true });
  assert.equal(await codeOf(sent.handledBy("mallory")), "left");
  assert.throws(() => sent.handledBy(""), { name: "TypeError" });
});

test("sendTo names whom it is for", async () => {
  const { room, node } = await openRoom();
  const sent = room.sendTo("bob", { type: "psst" });
  same(node.of("send"), [{ type: "send", channel: ROOM, id: sent.id, to: "bob", data: { type: "psst" } }]);
  assert.throws(() => room.sendTo("", 1), { name: "TypeError" });
  assert.throws(() => room.sendTo("bob", 1, { timout: 5 }), { name: "TypeError" });
});

test("history gives rows with their authors and places", async () => {
  const { room, node } = await openRoom();
  const row = (seq, more) => ({ from: "bob", data: seq, id: `bob-${seq}`, epoch: 1, host: "alice", seq, sentAt: seq, ...more });
  node.answers.history = ({ after }) =>
    after === "0::0" ? { messages: [row(2)], next: [1, "alice", 2] } : { messages: [row(3, { to: "alice" })], next: null };
  const past = await room.history();
  same(past.map(({ data, from, meta }) => [data, from, meta.delivery, meta.to]), [[2, "bob", "ordered", null], [3, "bob", "ordered", "alice"]]);
  same(node.asked.filter(([action]) => action === "history").map(([, { after }]) => after), ["0::0", "1:alice:2"]);
});

test("an error of the node about a room goes to its onError", async () => {
  const { room, node } = await openRoom();
  const seen = [];
  room.onError = ({ code, id }) => seen.push([code, id ?? ""]);
  node.tell({ type: "error", channel: ROOM, code: "invalid_message", reason: "no" });
  const sent = room.send(1);
  node.tell({ type: "refused", channel: ROOM, id: sent.id, code: "not_your_turn", reason: "", pointer: "" });
  await settle();
  same(seen, [["invalid_message", ""], ["not_your_turn", sent.id]]);
  node.tell({ type: "error", channel: ROOM, code: "unknown_channel", reason: "" });
  await settle();
  same([room.state, room.detail.code], ["left", "lost"]);
});
