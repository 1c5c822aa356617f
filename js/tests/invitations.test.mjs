// SPDX-License-Identifier: MIT
// Requests of one's own that wait, through reloads, and those of others that were missed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const waiting = (more = {}) => ({
  channelId: "c1", peerId: "bob", peerLabel: "Bob", context: "chess_1", params: { colour: "white" },
  state: "connecting", expiresIn: 60_000, reach: "sent", title: "Chess", page: "/chess/", ...more,
});
const missed = (more = {}) => ({
  type: "missed", channel: "m1", peerId: "carol", peerLabel: "Carol", context: "chess_2", app: "",
  params: null, title: "Chess", page: "/chess/", at: 1_700_000_000_000, ...more,
});

/** A page that follows; the newest that it was told, by id. */
async function follower() {
  const page = openPage();
  const told = [];
  const stop = page.realtime.invitations((now) => told.push(now));
  await settle();
  const state = ({ channelId, state: word, ...more }) => page.node.state(channelId, word, more);
  return { ...page, told, stop, state, last: () => told.at(-1) };
}

test("a page is told what waits already, each change of it, and its end", async () => {
  const { state, told, last, node } = await follower();
  same(last(), { sent: [], missed: [] });
  state(waiting());
  await settle();
  const [one] = last().sent;
  same([one.channelId, one.peerLabel, one.context, one.params, one.reach], ["c1", "Bob", "chess_1", { colour: "white" }, "sent"]);
  assert.ok(Math.abs(one.expiresAt - Date.now() - 60_000) < 10_000);
  state(waiting({ reach: "page" }));
  await settle();
  assert.equal(last().sent[0].reach, "page");
  const opened = last().sent[0].opened();
  node.state("c1", "connected", { context: "chess_1" });
  assert.equal((await opened).id, "c1");
  same(last().sent, []);
  assert.equal(told.length, 4);
});

test("a request of this page is in the list from the moment it was made", async () => {
  const { realtime, node, last } = await follower();
  node.answers.request = () => waiting();
  realtime.connect("bob", { context: "chess_1" }).catch(() => {});
  await settle();
  same(last().sent.map((one) => one.channelId), ["c1"]);
});

/** A page whose request is answered only after what has `happened` since has been told. */
async function overtaken(happened) {
  const page = await follower();
  let answer = () => {};
  page.node.answers.request = () => new Promise((resolve) => (answer = () => resolve(waiting())));
  const asked = page.realtime.connect("bob", { context: "chess_1" }).catch((error) => error.code);
  await settle();
  happened(page);
  answer();
  await settle();
  return { ...page, asked };
}

test("what the node told meanwhile is not undone by its answer to the request", async () => {
  const { last } = await overtaken(({ state }) => state(waiting({ reach: "page" })));
  same(last().sent.map((one) => one.reach), ["page"]);
});

test("a request that has ended before it is answered waits in no list", async () => {
  const { last, asked } = await overtaken(({ node }) => node.end("c1", "declined"));
  same(last().sent, []);
  assert.equal(await asked, "declined");
});

test("a request that goes on in another channel before it is answered waits in no list", async () => {
  const { last, asked } = await overtaken(({ node }) => {
    node.end("c1", "replaced", { replacedBy: "c2" });
    node.state("c2", "connected", { context: "chess_2" });
  });
  same(last().sent, []);
  assert.equal((await asked).id, "c2");
});

test("a page that was reloaded withdraws what an earlier one asked for, and hears that it is over", async () => {
  const { state, node, last } = await follower();
  state(waiting());
  await settle();
  const [one] = last().sent;
  const waits = one.opened().catch((error) => error.code);
  const gone = one.withdraw();
  same(node.of("close"), [{ type: "close", channel: "c1" }]);
  node.end("c1", "cancelled");
  await gone;
  assert.equal(await waits, "cancelled");
  same(last().sent, []);
});

test("what became part of another channel is in no list, and whoever waits gets that one", async () => {
  const { state, node, last } = await follower();
  state(waiting());
  await settle();
  const opened = last().sent[0].opened();
  node.end("c1", "replaced", { replacedBy: "c2" });
  node.state("c2", "connected", { context: "chess_2" });
  assert.equal((await opened).id, "c2");
  same(last().sent, []);
});

test("missed ones come and go, and are dismissed at the node", async () => {
  const { node, last } = await follower();
  node.tell(missed());
  await settle();
  const [one] = last().missed;
  same([one.channelId, one.peerLabel, one.at, one.templates], ["m1", "Carol", 1_700_000_000_000, null]);
  node.answers.dismiss = () => ({});
  await one.dismiss();
  same(node.asked.at(-1), ["dismiss", { channelId: "m1" }]);
  node.tell({ type: "missed_ended", channel: "m1" });
  await settle();
  same(last().missed, []);
});

test("a new connection tells all of it anew: what ended meanwhile is gone", async () => {
  const { node, state, last, clock } = await follower();
  state(waiting());
  node.tell(missed());
  await settle();
  node.answers.channels = () => [];
  node.cut();
  await clock.advance(5_000);
  same(last(), { sent: [], missed: [] });
});

test("who stops hears no more", async () => {
  const { node, told, stop } = await follower();
  const before = told.length;
  stop();
  node.tell(missed());
  await settle();
  assert.equal(told.length, before);
});

test("the node hears what the page shows: a request that somebody serves, also after a reconnect", async () => {
  const { realtime, node, clock } = openPage();
  const ask = () => node.tell({ ...missed(), type: "incoming", channel: "c9", expiresIn: 1000 });
  realtime.serve("whiteboard", () => {});
  await settle();
  ask();
  await settle();
  same(node.of("shown"), []);
  realtime.serve("chess", () => {});
  await settle();
  same(node.of("shown"), [{ type: "shown", channel: "c9" }]);
  node.answers.channels = () => [{ channelId: "c9", incoming: true, detail: {} }];
  node.cut();
  await clock.advance(5_000);
  ask();
  await settle();
  assert.equal(node.of("shown").length, 2);
});
