// SPDX-License-Identifier: MIT
// Asking for channels and answering: connect, accept, decline, channels, glare, abort.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, openChannel, openPage, same, settle } from "./page.mjs";

const connecting = () => ({ channelId: "c1", state: "connecting", peerId: "bob", peerLabel: "Bob" });

test("nothing is opened before the page uses it", async () => {
  const { node } = openPage();
  await settle();
  assert.equal(node.sockets.length, 0);
});

test("connect asks with all it was given and resolves when the other side accepted", async () => {
  const { realtime, node } = openPage();
  node.answers.request = connecting;
  let channel = null;
  const asked = realtime.connect("bob", { context: "chess_7", params: { colour: "white" }, timeout: 5000 }).then((opened) => {
    channel = opened;
  });
  await settle();
  const subscribe = node.frames[0];
  assert.equal(subscribe.type, "subscribe");
  assert.equal(subscribe.ack, true);
  assert.match(subscribe.page, /^[0-9a-f]{32}$/);
  same(node.asked, [
    ["request", { peerId: "bob", context: "chess_7", params: { colour: "white" }, timeout: 5000, page: subscribe.page }],
  ]);
  assert.equal(channel, null);
  node.state("c1", "connected", { context: "chess_7", params: { colour: "white" }, peerPage: "open" });
  await asked;
  assert.equal(channel.id, "c1");
  assert.equal(channel.peerId, "bob");
  assert.equal(channel.peerLabel, "Bob");
  assert.equal(channel.context, "chess_7");
  same(channel.params, { colour: "white" });
  assert.equal(channel.delivery, "log");
  assert.equal(channel.state, "connected");
  assert.equal(channel.detail.peerPage, "open");
});

test("a state that overtakes the answer to the request is not lost", async () => {
  const { realtime, node } = openPage();
  node.answers.request = () => {
    node.state("c1", "connected");
    return connecting();
  };
  assert.equal((await realtime.connect("bob")).state, "connected");
});

test("connecting to a living channel gives that channel at once, the same object", async () => {
  const { realtime, node, channel } = await openChannel();
  node.answers.request = () => ({ ...connecting(), state: "connected" });
  assert.equal(await realtime.connect("bob"), channel);
});

test("a living channel whose other side is away just now is given, too", async () => {
  const { realtime, node } = openPage();
  node.answers.request = () => ({ ...connecting(), state: "disconnected", detail: { suspended: true, final: false } });
  const channel = await realtime.connect("bob");
  assert.deepEqual([channel.state, channel.detail.suspended], ["disconnected", true]);
});

for (const code of ["declined", "timeout", "unreachable", "unknown_context_there", "contract_mismatch", "busy", "refused", "cancelled"]) {
  test(`connect rejects with ${code} when the state says so`, async () => {
    const { realtime, node } = openPage();
    node.answers.request = connecting;
    const asked = codeOf(realtime.connect("bob", { context: "chess" }));
    await settle();
    node.end("c1", code);
    assert.equal(await asked, code);
  });
}

for (const [code, status] of [["undiscovered", 404], ["unknown_context", 404], ["busy", 429], ["refused", 403], ["invalid_params", 422]]) {
  test(`connect rejects with ${code} when the node answers ${status}`, async () => {
    const { realtime, node } = openPage();
    node.answers.request = () => ({ status, problem: { type: "about:blank", title: "No", status, detail: "because", code, pointer: "/x" } });
    const error = await realtime.connect("bob").catch((reason) => reason);
    assert.equal(error.name, "GoopError");
    same([error.code, error.message, error.status, error.pointer], [code, "because", status, "/x"]);
  });
}

test("what the person has not granted says what it is and where it is granted, also in the console", async () => {
  const { realtime, node, printed } = openPage();
  const home = "http://home.localhost:8787/#template-ping";
  const detail = `the template “ping” may not use “chess” yet; the person grants that at home: ${home}`;
  const problem = { status: 403, detail, code: "permission_needed", permission: "context:chess", home };
  node.answers.request = () => ({ status: 403, problem });
  const error = await realtime.connect("bob", { context: "chess" }).catch((reason) => reason);
  same([error.code, error.permission, error.home, error.status], ["permission_needed", "context:chess", home, 403]);
  assert.ok(printed.error.some((words) => words.join(" ").includes(home)));
});

test("the reason that the node gives is the message of the error", async () => {
  const { realtime, node } = openPage();
  node.answers.request = connecting;
  const asked = realtime.connect("bob").catch((error) => error.message);
  await settle();
  node.end("c1", "contract_mismatch", { reason: "Bob has whiteboard 1.2, you have 2.0" });
  assert.equal(await asked, "Bob has whiteboard 1.2, you have 2.0");
});

test("crossing requests: whoever waits gets the surviving channel", async () => {
  const { realtime, node } = openPage();
  node.answers.request = connecting;
  const asked = realtime.connect("bob", { context: "chess" });
  await settle();
  node.end("c1", "replaced", { replacedBy: "c2" });
  node.end("c1", "replaced", { replacedBy: "c2" });
  node.state("c2", "connected", { context: "chess" });
  const channel = await asked;
  assert.equal(channel.id, "c2");
  node.end("c1", "replaced");
  assert.equal(channel.state, "connected");
});

test("a replacement that was announced before the answer, and had connected already", async () => {
  const { realtime, node } = openPage();
  node.answers.request = () => {
    node.state("c2", "connected");
    node.end("c1", "replaced", { replacedBy: "c2" });
    return connecting();
  };
  assert.equal((await realtime.connect("bob")).id, "c2");
});

test("aborting withdraws the request", async () => {
  const { realtime, node, run } = openPage();
  node.answers.request = connecting;
  const controller = run("new AbortController()");
  const asked = codeOf(realtime.connect("bob", { signal: controller.signal }));
  await settle();
  controller.abort();
  assert.equal(await asked, "aborted");
  same(node.of("close"), [{ type: "close", channel: "c1" }]);
});

test("aborting before the node answered withdraws once it has", async () => {
  const { realtime, node, run } = openPage();
  let answer;
  node.answers.request = () => new Promise((resolve) => (answer = resolve));
  const controller = run("new AbortController()");
  const asked = codeOf(realtime.connect("bob", { signal: controller.signal }));
  await settle();
  controller.abort();
  assert.equal(await asked, "aborted");
  answer(connecting());
  await settle();
  assert.equal(node.of("close").length, 1);
});

test("what is aborted beforehand asks nobody", async () => {
  const { realtime, node, run } = openPage();
  assert.equal(await codeOf(realtime.connect("bob", { signal: run("AbortSignal.abort?.()", { AbortSignal }) })), "aborted");
  await settle();
  same(node.asked, []);
});

test("a node that never says how it ended does not keep the page waiting for ever", async () => {
  const { realtime, node, clock } = openPage();
  node.answers.request = connecting;
  const asked = codeOf(realtime.connect("bob", { timeout: 1000 }));
  await clock.advance(7000);
  assert.equal(await asked, "timeout");
});

test("a page whose node is away says so", async () => {
  const { realtime, node, clock } = openPage();
  node.up = false;
  const asked = codeOf(realtime.connect("bob", { timeout: 1000 }));
  await clock.advance(7000);
  assert.equal(await asked, "node_unreachable");
  node.up = true;
  await clock.advance(10_000);
  same(node.asked.filter(([action]) => action === "request"), []);
});

test("connect without a peer is a mistake of the page", async () => {
  await assert.rejects(openPage().realtime.connect(""), /peerId: expected a string that is not empty/);
});

test("accept gives the open channel, decline passes the reason on", async () => {
  const { realtime, node } = openPage();
  node.answers.accept = ({ channelId }) => ({ channelId, peerId: "bob", peerLabel: "Bob", context: "chess", params: null, state: "connected", detail: {}, delivery: "log" });
  const channel = await realtime.accept("in1");
  assert.equal(channel.id, "in1");
  assert.equal(channel.context, "chess");
  await realtime.decline("in2", "busy");
  same(node.asked.at(-1), ["decline", { channelId: "in2", reason: "busy" }]);
});

test("accepting what somebody else has answered rejects with that code", async () => {
  const { realtime, node } = openPage();
  node.answers.accept = () => ({ status: 409, problem: { code: "answered_elsewhere", detail: "another tab was first" } });
  assert.equal(await codeOf(realtime.accept("in1")), "answered_elsewhere");
});

test("a decline that fails and that nobody waits for goes to the console", async () => {
  const { realtime, node, clock, printed } = openPage();
  node.answers.decline = () => ({ status: 409, problem: { code: "conflict", detail: "was accepted" } });
  realtime.decline("in1");
  await clock.advance(0);
  assert.equal(printed.error.length, 1);
  assert.equal(await codeOf(realtime.decline("in1")), "conflict");
  assert.equal(printed.error.length, 1);
});

test("channels lists the living ones after a reload, and their messages have waited", async () => {
  const { realtime, node } = openPage();
  node.answers.channels = () => [
    { channelId: "c1", peerId: "bob", peerLabel: "Bob", context: "chess", params: null, state: "connected", detail: { peerPage: "open" }, delivery: "log", incoming: false },
    { channelId: "in1", peerId: "eve", peerLabel: "Eve", context: "chess", params: null, state: "connecting", detail: {}, delivery: "log", incoming: true },
    { channelId: "old", peerId: "bob", peerLabel: "Bob", context: "chess", params: null, state: "disconnected", detail: { final: true, code: "closed" }, delivery: "log", incoming: false },
  ];
  realtime.onIncoming = () => {};
  await settle();
  node.state("c1", "connected", { context: "chess" });
  node.message("c1", 4, { n: 4 }, { redelivered: true });
  const channels = await realtime.channels();
  same(channels.map((channel) => channel.id), ["c1"]);
  const seen = [];
  channels[0].onMessage = (data, meta) => seen.push([data.n, meta.redelivered, meta.from]);
  await settle();
  same(seen, [[4, true, "bob"]]);
});
