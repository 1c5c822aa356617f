// SPDX-License-Identifier: MIT
// snapshot() and onSnapshot: what the context makes of the log, asked for and followed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, same, settle } from "./page.mjs";
import { ROOM, openRoom } from "./room-page.mjs";

const asked = (node) => node.of("snapshot").filter(({ ref }) => ref);
const watches = (node) => node.of("snapshot").filter(({ ref }) => !ref).map(({ channel, watch }) => [channel, watch]);

test("what is asked for is answered with state and position, each question by its own answer", async () => {
  const { channel, node } = await openChannel();
  const [first, second] = [channel.snapshot(), channel.snapshot()];
  const [one, other] = asked(node).map(({ ref }) => ref);
  node.tell({ type: "snapshot", channel: "c1", ref: other, state: { turn: "black" }, position: [3, 8] });
  node.tell({ type: "snapshot", channel: "c1", ref: one, state: null, position: [3, 7] });
  same([await first, await second], [{ state: null, position: [3, 7] }, { state: { turn: "black" }, position: [3, 8] }]);
});

test("a refusal is the question's own; a node that is away says nothing, one that comes back is asked again", async () => {
  const { channel, node, clock, printed } = await openChannel();
  const question = channel.snapshot();
  node.tell({ type: "error", channel: "c1", ref: asked(node)[0].ref, code: "too_large", reason: "300000 bytes" });
  assert.equal(await codeOf(question), "too_large");
  const late = channel.snapshot();
  node.cut();
  await clock.advance(100);
  assert.equal(asked(node).length, 3);
  node.tell({ type: "snapshot", channel: "c1", ref: asked(node)[2].ref, state: 1, position: [1, 1] });
  assert.equal((await late).state, 1);
  const never = channel.snapshot();
  node.up = false;
  node.cut();
  await clock.advance(1000);
  assert.equal(await codeOf(never), "node_unreachable");
  same(printed.error, []);
});

test("who follows is told the newest, one at a time; also on a new connection, and no more without a handler", async () => {
  const { room, node, clock } = await openRoom();
  const seen = [];
  let done = () => {};
  room.onSnapshot = ({ state, position }) => {
    seen.push([state, position]);
    return new Promise((resolve) => (done = resolve));
  };
  for (let n = 1; n <= 4; n++) node.tell({ type: "snapshot", channel: ROOM, state: n, position: [1, "alice", n] });
  await settle();
  same(seen, [[1, [1, "alice", 1]]]);
  done();
  await settle();
  same(seen.at(-1), [4, [1, "alice", 4]]);
  assert.equal(seen.length, 2);
  node.cut();
  await clock.advance(100);
  room.onSnapshot = null;
  same(watches(node), [[ROOM, true], [ROOM, true], [ROOM, false]]);
  node.tell({ type: "snapshot", channel: ROOM, state: 5, position: [1, "alice", 5] });
  done();
  await settle();
  assert.equal(seen.length, 2);
});

test("that a context does not push its state is told as an error of the channel", async () => {
  const { channel, node } = await openChannel();
  const errors = [];
  channel.onError = ({ code }) => void errors.push(code);
  channel.onSnapshot = () => {};
  node.tell({ type: "error", channel: "c1", code: "not_pushed", reason: "ask for it" });
  same(errors, ["not_pushed"]);
});
