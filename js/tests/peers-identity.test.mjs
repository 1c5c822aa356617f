// SPDX-License-Identifier: MIT
// Goop.peers and Goop.identity over the node's own endpoints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const open = () => openPage("goop-peers.js", "goop-identity.js");
const bob = { ID: "bob", Content: "Bob", Email: "", AvatarHash: "", LastSeen: "2026-01-01T00:00:00Z" };
const ours = { ...bob, peerId: "bob", peerLabel: "Bob", online: true };

test("the list has the node's keys and the SDK's", async () => {
  const { Goop, node } = open();
  node.answers["/api/peers"] = () => [bob, { ...bob, ID: "eve", Content: "Eve", Offline: true }];
  const rows = await Goop.peers.list();
  same(rows[0], ours);
  same([rows[1].peerId, rows[1].online], ["eve", false]);
});

test("subscribers get the snapshot, updates and removals", async () => {
  const { Goop, sources } = open();
  const seen = [];
  const note = (name) => ({
    onSnapshot: (rows) => seen.push([name, "snapshot", rows.map((row) => row.peerId)]),
    onUpdate: (event) => seen.push([name, "update", event.peerId, event.peer_id, event.peer.peerLabel]),
    onRemove: (event) => seen.push([name, "remove", event.peerId]),
  });
  Goop.peers.subscribe(note("first"));
  assert.equal(sources[0].url, "/api/peers/events");
  sources[0].tell("snapshot", { type: "snapshot", peers: [bob] });
  const { ID, ...withoutId } = bob;
  sources[0].tell("update", { type: "update", peer_id: "eve", peer: { ...withoutId, Content: "Eve" } });
  const stop = Goop.peers.subscribe(note("second"));
  stop();
  sources[0].tell("remove", { type: "remove", peer_id: "bob" });
  same(seen, [
    ["first", "snapshot", ["bob"]], ["first", "update", "eve", "eve", "Eve"],
    ["second", "snapshot", ["bob", "eve"]], ["first", "remove", "bob"],
  ]);
  assert.equal(sources.length, 1);
  Goop.peers.unsubscribe();
  assert.equal(sources[0].readyState, 2);
});

test("a stream that the node refused is tried again, and the error is told", async () => {
  const { Goop, sources, clock, fire } = open();
  let errors = 0;
  Goop.peers.subscribe({ onError: () => errors++ });
  sources[0].close();
  sources[0].onerror(new Event("error"));
  await clock.advance(2000);
  assert.equal(errors, 1);
  assert.equal(sources.length, 2);
  fire("pagehide", { persisted: true });
  assert.equal(sources[1].readyState, 2);
  fire("pageshow", { persisted: true });
  assert.equal(sources.length, 3);
});

test("a failing callback is printed and hurts nobody", async () => {
  const { Goop, sources, printed } = open();
  let got = 0;
  Goop.peers.subscribe({ onSnapshot: () => { throw new Error("oops"); } });
  Goop.peers.subscribe({ onSnapshot: () => got++ });
  sources[0].tell("snapshot", { peers: [] });
  assert.equal(got, 1);
  assert.equal(printed.error.length, 1);
});

test("identity asks once, until it is told to ask again", async () => {
  const { Goop, node } = open();
  let label = "Alice";
  node.answers["/api/self"] = () => ({ id: "alice", label, email: "a@x", avatar_hash: "" });
  assert.deepEqual([await Goop.identity.id(), await Goop.identity.label(), await Goop.identity.email()], ["alice", "Alice", "a@x"]);
  assert.equal(node.asked.length, 1);
  label = "Alicia";
  same(await Goop.identity.refresh(), { id: "alice", label: "Alicia", email: "a@x", avatar_hash: "", peerId: "alice", peerLabel: "Alicia" });
  assert.equal(await Goop.identity.label(), "Alicia");
});

test("a failure is not remembered", async () => {
  const { Goop, node } = open();
  node.answers["/api/self"] = () => ({ status: 503, problem: { code: "starting" } });
  await assert.rejects(Goop.identity.get());
  node.answers["/api/self"] = () => ({ id: "alice", label: "Alice" });
  await settle();
  assert.equal(await Goop.identity.id(), "alice");
});
