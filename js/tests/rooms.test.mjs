// SPDX-License-Identifier: MIT
// A room as a page sees it: joining, members, messages, leaving.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, same, settle } from "./page.mjs";
import { ROOM, emptyPage, openRoom, peer } from "./room-page.mjs";

test("joinRoom resolves when the node is a member, and tells what is known of the room", async () => {
  const { room, node } = await openRoom({ members: [peer("alice"), peer("bob")], host: "bob" }, { maxPeers: 4, key: "k", listed: false });
  const [[, body]] = node.asked.filter(([action]) => action === "join");
  same({ ...body, page: "" }, { room: "arcade_1", maxPeers: 4, key: "k", listed: false, page: "" });
  same([room.id, room.context, room.state, room.maxPeers, room.self, room.host], ["arcade_1", "arcade_1", "joined", 4, "alice", "bob"]);
  same(room.members, [peer("alice"), peer("bob")]);
  same(room.detail, { code: null, reason: null, suspended: false, host: "bob", apart: [] });
});

test("a host's page is told who cannot take part, and why, until they can", async () => {
  const { room, node } = await openRoom({ members: [peer("alice")], host: "alice" });
  const apart = [{ ...peer("bob"), reason: "bob has arcade 1.0, which cannot take part in this room" }];
  node.room("joined", { apart });
  await settle();
  same(room.detail.apart, apart);
  node.room("joined", {});
  await settle();
  same(room.detail.apart, []);
});

for (const code of ["full", "contract_mismatch", "refused", "timeout", "undiscovered"]) {
  test(`a room that cannot be joined rejects with ${code}`, async () => {
    const { realtime, node } = emptyPage();
      const asked = codeOf(realtime.joinRoom("arcade_1"));
    await settle();
    node.room("left", { code, reason: "so it is" });
    assert.equal(await asked, code);
  });
}

test("what the node refuses at once rejects with its code and what it says", async () => {
  const { realtime, node } = emptyPage();
  const problem = { code: "permission_needed", detail: "not granted", permission: "arcade", home: "/x" };
  node.answers.join = () => ({ status: 403, problem });
  const error = await realtime.joinRoom("arcade_1").catch((reason) => reason);
  same([error.code, error.permission, error.home], ["permission_needed", "arcade", "/x"]);
});

test("a join that nobody waits for any more is taken back", async () => {
  const { realtime, node, clock } = emptyPage();
  const asked = codeOf(realtime.joinRoom("arcade_1"));
  await clock.advance(65_000);
  assert.equal(await asked, "timeout");
  same(node.of("leave"), [{ type: "leave", channel: ROOM }]);
});

test("messages, with whose they are and where they stand", async () => {
  const { room, node } = await openRoom();
  const seen = [];
  room.onMessage = (...all) => seen.push(all);
  node.said("bob", 3, { type: "shoot" }, { sentAt: 7 });
  node.said("bob", 4, "psst", { to: "alice", redelivered: true });
  same(seen, [
    ["bob", { type: "shoot" }, { id: "bob-3", seq: 3, sentAt: 7, redelivered: false, from: "bob", delivery: "ordered", to: null }],
    ["bob", "psst", { id: "bob-4", seq: 4, sentAt: 4, redelivered: true, from: "bob", delivery: "ordered", to: "alice" }],
  ]);
  await settle();
  same(node.of("ack"), [{ type: "ack", channel: ROOM, epoch: 1, host: "alice", seq: 4 }]);
});

test("messages wait for a handler, and promises that it returns are awaited in order", async () => {
  const { room, node } = await openRoom();
  node.said("bob", 2, "a");
  node.member("join", "carol", 3);
  node.said("carol", 4, "b");
  const steps = [];
  room.onMemberJoin = async ({ peerId }) => {
    steps.push(`greet ${peerId}`);
    await settle();
    steps.push(`greeted ${peerId}`);
  };
  room.onMessage = async (from, data) => {
    steps.push(`begin ${data}`);
    await settle();
    steps.push(`end ${data}`);
  };
  for (let turn = 0; turn < 5; turn++) await settle();
  same(steps, ["greet carol", "greeted carol", "begin a", "end a", "begin b", "end b"]);
});

test("a handler for members that is set late is called once for each that is there, in order, without oneself", async () => {
  const { room, node } = await openRoom({ members: [peer("bob"), peer("alice"), peer("carol")] });
  node.member("join", "dave", 5);
  node.member("leave", "carol", 6);
  const seen = [];
  room.onMessage = (from, data) => seen.push(data);
  room.onMemberJoin = ({ peerId, peerLabel }) => seen.push(`${peerId} ${peerLabel} joins`);
  room.onMemberLeave = ({ peerId }) => seen.push(`${peerId} leaves`);
  node.said("bob", 7, "hi");
  node.member("join", "carol", 8);
  node.member("join", "carol", 8);
  node.member("leave", "dave", 9, { lost: true });
  node.member("leave", "nobody", 10);
  await settle();
  same(seen, ["bob Bob joins", "dave Dave joins", "hi", "carol Carol joins", "dave leaves"]);
  same(room.members.map(({ peerId }) => peerId), ["bob", "alice", "carol"]);
});

test("members are those at the message that is handed out", async () => {
  const { room, node } = await openRoom();
  const seen = [];
  let go;
  room.onMessage = (from, data) => {
    seen.push([data, room.members.map(({ peerId }) => peerId).join()]);
    if (data === "wait") return new Promise((resolve) => (go = resolve));
  };
  node.said("bob", 2, "wait");
  node.member("join", "bob", 3);
  node.said("bob", 4, "then");
  same(room.members.length, 1);
  go();
  await settle();
  same(seen, [["wait", "alice"], ["then", "alice,bob"]]);
});

test("two scripts of a page share a room without displacing one another", async () => {
  const page = await openRoom({ members: [peer("alice"), peer("bob")] });
  const { room, node, realtime } = page;
  const seen = [];
  room.onMessage = (from, data) => seen.push(`game ${data}`);
  room.onMemberJoin = ({ peerId }) => seen.push(`game ${peerId}`);
  node.said("bob", 2, "one");
  const other = await realtime.joinRoom("arcade_1");
  assert.notEqual(other, room);
  other.onMessage = (from, data) => seen.push(`chat ${data}`);
  other.onMemberJoin = ({ peerId }) => seen.push(`chat ${peerId}`);
  node.said("bob", 3, "two");
  await settle();
  same(seen, ["game bob", "game one", "chat bob", "game two", "chat two"].sort((a, b) => seen.indexOf(a) - seen.indexOf(b)));
  assert.equal(seen.length, 5);
  void other.leave();
  node.room("left", { code: "left" });
  await settle();
  same([room.state, other.state], ["left", "left"]);
});

test("leave is told to the node, resolves when the room is left, and later sends reject with left", async () => {
  const { room, node, printed, clock } = await openRoom();
  const states = [];
  room.onStateChange = (state, { code }) => states.push([state, code]);
  const left = room.leave();
  same(node.of("leave"), [{ type: "leave", channel: ROOM }]);
  const codes = [codeOf(room.send("late"))];
  node.room("left", { code: "left" });
  await left;
  same(states, [["left", "left"]]);
  codes.push(codeOf(room.send("later")), codeOf(room.sendTo("bob", "later")));
  assert.equal(room.signal("x"), false);
  await clock.advance(100);
  same(await Promise.all(codes), ["left", "left", "left"]);
  same(printed.error, []);
});

test("the host may change, and be away: the page is told, and what it sends waits at its node", async () => {
  const { room, node } = await openRoom();
  const seen = [];
  room.onStateChange = (state, { host, suspended }) => seen.push([state, host, suspended]);
  node.room("joined", { host: "", suspended: true });
  assert.equal(room.signal("now"), false);
  const sent = room.send(1);
  node.receipt(sent.id, "accepted");
  await sent;
  node.room("joined", { host: "bob" });
  same(seen, [["joined", "", true], ["joined", "bob", false]]);
  assert.equal(room.host, "bob");
  assert.equal(room.signal("now"), true);
});

test("signals come and go beside the log", async () => {
  const { room, node } = await openRoom();
  const seen = [];
  room.onSignal = (data, { from }) => seen.push([data, from]);
  node.tell({ type: "signal", channel: ROOM, from: "bob", data: "typing" });
  assert.equal(room.signal("typing"), true);
  same(seen, [["typing", "bob"]]);
  assert.throws(() => room.signal("x".repeat(5000)), { code: "too_large" });
});

test("the proposal's game, as it stands: plays, and a loop that looks at nothing raises nothing", async () => {
  const { node, run, printed, clock } = emptyPage();
  const seen = [];
  run(
    `(async () => {
       const room = await Goop.realtime.joinRoom("arcade_" + 7, { maxPeers: 4 });
       room.onMemberJoin = (peer) => { seen.push("add " + peer.peerId + " " + peer.peerLabel); };
       room.onMemberLeave = (peer) => { seen.push("remove " + peer.peerId); };
       room.onMessage = (peerId, msg) => {
         if (msg.type === "position") seen.push("move " + peerId + " " + msg.x);
         else if (msg.type === "shoot") seen.push("shoot " + peerId + " " + msg.direction);
       };
       globalThis.gameLoop = () => { room.send({ type: "position", x: 1, y: 2 }); };
     })();`,
    { seen },
  );
  await settle();
  const messages = { position: { delivery: "latest" } };
  node.room("joined", { id: "arcade_7", messages, members: [peer("alice"), peer("bob")] });
  await settle();
  node.tell({ type: "latest", channel: ROOM, from: "bob", data: { type: "position", x: 5, y: 2 }, key: "" });
  node.said("bob", 3, { type: "shoot", direction: "up" });
  for (let frame = 0; frame < 600; frame++) {
    run("gameLoop()");
    await clock.advance(16);
    if (frame === 200) node.room("joined", { suspended: true });
    if (frame === 300) node.cut();
    if (frame === 500) node.room("left", { code: "failed" });
  }
  node.member("leave", "bob", 4);
  await settle();
  same(seen.slice(0, 3), ["add bob Bob", "move bob 5", "shoot bob up"]);
  assert.ok(node.of("send").length > 300);
  assert.ok(node.of("send").every(({ id }) => id === undefined)); // only the newest counts
  assert.ok(printed.error.every(([, , { code }]) => code === "left")); // said, not thrown
});
