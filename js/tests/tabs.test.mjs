// SPDX-License-Identifier: MIT
// Several tabs of one origin: one of them has the stream of events, whatever becomes of tabs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, same, settle } from "./page.mjs";

const bob = { ID: "bob", Content: "Bob" };

/** What the tabs of an origin share: locks and channels, as a browser has them. */
class Origin {
  queue = [];
  held = null;
  channels = new Set();

  /**
   * The globals of one tab; `tab.hangs` makes it deaf, and `tab.gone` ends it. `locks`: whether the
   * browser has them, or "refused", as where what pages keep is blocked.
   */
  tab(locks = true) {
    const origin = this;
    const tab = { hangs: false, mine: [] };
    const request = (_, options, run) =>
      new Promise((resolve, reject) => {
        const entry = { tab, run, resolve, reject };
        tab.mine.push(entry);
        if (options.signal) options.signal.addEventListener("abort", () => origin.drop(entry));
        if (options.steal) {
          const before = origin.held;
          origin.held = null;
          before?.reject(new Error("stolen"));
          origin.queue.unshift(entry);
        } else origin.queue.push(entry);
        origin.next();
      });
    class BroadcastChannel {
      onmessage = null;
      constructor() {
        origin.channels.add(this);
        (tab.channels ??= []).push(this);
      }
      postMessage(data) {
        const text = JSON.stringify(data);
        for (const other of origin.channels) {
          if (other !== this) setImmediate(() => other.tab.hangs || other.onmessage?.({ data: JSON.parse(text) }));
        }
      }
      get tab() {
        return tab;
      }
      close() {
        this.onmessage = null;
        origin.channels.delete(this);
      }
    }
    tab.gone = () => {
      for (const channel of tab.channels ?? []) channel.close();
      tab.hangs = true;
      for (const entry of tab.mine) origin.drop(entry);
    };
    const refuse = () => Promise.reject(new DOMException("denied", "SecurityError"));
    const has = { request: locks === "refused" ? refuse : request };
    tab.globals = { navigator: locks ? { locks: has } : {}, BroadcastChannel };
    return tab;
  }
  drop(entry) {
    this.queue = this.queue.filter((one) => one !== entry);
    if (this.held === entry) this.held = null;
    else entry.reject(new Error("aborted"));
    this.next();
  }
  next() {
    if (this.held || this.queue.length === 0) return;
    const entry = (this.held = this.queue.shift());
    setImmediate(() =>
      Promise.resolve(entry.run()).then(() => {
        if (this.held === entry) this.held = null;
        entry.resolve();
        this.next();
      }),
    );
  }
}

async function open(origin, locks = true) {
  const tab = origin.tab(locks);
  const page = openPage({ names: tab.globals }, "goop-peers.js");
  const seen = [];
  page.Goop.peers.subscribe({
    onSnapshot: (rows) => seen.push(rows.map((row) => row.peerId).join()),
    onUpdate: ({ peerId }) => seen.push(`+${peerId}`),
    onRemove: ({ peerId }) => seen.push(`-${peerId}`),
    onError: () => seen.push("error"),
  });
  await settle();
  return { ...page, tab, seen };
}
const streams = (tabs) => tabs.map(({ sources }) => sources.filter(({ readyState }) => readyState === 1).length);

test("eight tabs have one stream, and all hear the same", async () => {
  const origin = new Origin();
  const tabs = [];
  for (let n = 0; n < 4; n++) tabs.push(await open(origin));
  tabs[0].sources[0].tell("snapshot", { peers: [bob] });
  await settle();
  for (let n = 0; n < 4; n++) tabs.push(await open(origin));
  tabs[0].sources[0].tell("update", { peer_id: "eve", peer: { Content: "Eve" } });
  tabs[0].sources[0].tell("remove", { peer_id: "bob" });
  await settle();
  same(streams(tabs), [1, 0, 0, 0, 0, 0, 0, 0]);
  for (const { seen } of tabs) same(seen, ["bob", "+eve", "-bob"]);
  const late = await open(origin);
  same(late.seen, ["eve"]);
  tabs[0].sources[0].onerror(new Event("error"));
  await settle();
  assert.equal(late.seen.at(-1), "error");
});

for (const [how, leave] of [
  ["closes or crashes", ({ tab }) => tab.gone()],
  ["is stored for back", ({ fire }) => fire("pagehide", { persisted: true })],
  ["is frozen", ({ fire }) => fire("freeze")],
  ["ends its subscriptions", ({ Goop }) => Goop.peers.unsubscribe()],
]) {
  test(`when the tab with the stream ${how}, another has it`, async () => {
    const origin = new Origin();
    const tabs = [await open(origin), await open(origin), await open(origin)];
    leave(tabs[0]);
    await settle();
    same(streams(tabs.slice(1)), [1, 0]);
    tabs[1].sources[0].tell("snapshot", { peers: [bob] });
    await settle();
    same([tabs[1].seen, tabs[2].seen], [["bob"], ["bob"]]);
  });
}

test("one that was frozen comes back behind the others", async () => {
  const origin = new Origin();
  const [first, second] = [await open(origin), await open(origin)];
  first.fire("freeze");
  await settle();
  second.sources[0].tell("snapshot", { peers: [bob] });
  first.fire("resume");
  await settle();
  same(streams([first, second]), [0, 1]);
  same(first.seen, ["bob"]);
});

test("from a tab that hangs the stream is taken, and it gives way when it is back", async () => {
  const origin = new Origin();
  const [first, second] = [await open(origin), await open(origin)];
  first.tab.hangs = true;
  await second.clock.advance(15_000);
  same(streams([second]), [1]);
  first.tab.hangs = false;
  await settle();
  same(streams([first, second]), [0, 1]);
  second.sources[0].tell("snapshot", { peers: [bob] });
  await first.clock.advance(60_000);
  await second.clock.advance(60_000);
  same(streams([first, second]), [0, 1]);
  assert.equal(first.seen.at(-1), "bob");
});

test("a tab with the stream that lives keeps it, however long", async () => {
  const origin = new Origin();
  const [first, second] = [await open(origin), await open(origin)];
  await second.clock.advance(300_000);
  same(streams([first, second]), [1, 0]);
});

/** Let time pass in all tabs at once, as it does. */
const pass = async (tabs, milliseconds) => {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    await Promise.all(tabs.map(({ clock }) => clock.advance(50)));
  }
};
const count = (tabs) => streams(tabs).reduce((sum, one) => sum + one, 0);

for (const locks of [false, "refused"]) {
  const where = locks ? "locks are refused" : "there are no locks";

  test(`where ${where}, eight tabs have one stream, and all hear the same`, async () => {
    const origin = new Origin();
    const tabs = [];
    for (let n = 0; n < 8; n++) tabs.push(await open(origin, locks));
    await pass(tabs, 400);
    same(count(tabs), 1);
    const [first] = tabs.filter((tab) => streams([tab])[0] === 1);
    first.sources[0].tell("snapshot", { peers: [bob] });
    await settle();
    for (const { seen } of tabs) same(seen, ["bob"]);
    const late = await open(origin, locks);
    tabs.push(late);
    await pass(tabs, 400);
    same([count(tabs), streams([first])[0], late.seen], [1, 1, ["bob"]]);
    await pass(tabs, 60_000);
    same([count(tabs), streams([first])[0]], [1, 1]);
  });

  for (const [how, leave, within] of [
    ["closes", ({ fire }) => fire("pagehide", { persisted: true }), 400],
    ["is frozen", ({ fire }) => fire("freeze"), 400],
    ["ends its subscriptions", ({ Goop }) => Goop.peers.unsubscribe(), 400],
    ["crashes", ({ tab }) => tab.gone(), 15_000],
  ]) {
    test(`where ${where}, and the tab with the stream ${how}, another has it`, async () => {
      const origin = new Origin();
      const tabs = [];
      for (let n = 0; n < 5; n++) tabs.push(await open(origin, locks));
      await pass(tabs, 400);
      const had = tabs.findIndex((tab) => streams([tab])[0] === 1);
      const [gone] = tabs.splice(had, 1);
      leave(gone);
      await pass(tabs, within);
      same(count(tabs), 1);
      const [next] = tabs.filter((tab) => streams([tab])[0] === 1);
      next.sources[0].tell("snapshot", { peers: [bob] });
      await settle();
      for (const { seen } of tabs) same(seen.at(-1), "bob");
    });
  }

  test(`where ${where}, one that hung gives way when it is back`, async () => {
    const origin = new Origin();
    const tabs = [await open(origin, locks), await open(origin, locks), await open(origin, locks)];
    await pass(tabs, 400);
    const hung = tabs.find((tab) => streams([tab])[0] === 1);
    hung.tab.hangs = true;
    await pass(tabs.filter((tab) => tab !== hung), 15_000);
    same(count(tabs), 2);
    hung.tab.hangs = false;
    await pass(tabs, 15_000);
    same([count(tabs), streams([hung])[0]], [1, 0]);
  });
}

test("where tabs cannot talk to each other, each has a stream of its own", async () => {
  class Refused {
    constructor() {
      throw new DOMException("denied", "SecurityError");
    }
  }
  const names = { BroadcastChannel: Refused };
  const tabs = [openPage("goop-peers.js"), openPage({ names }, "goop-peers.js")];
  for (const { Goop } of tabs) Goop.peers.subscribe({});
  same(streams(tabs), [1, 1]);
});

test("why the node refuses the stream is told in its words, in every tab", async () => {
  const origin = new Origin();
  const tabs = [await open(origin), await open(origin)];
  const told = [[], []];
  tabs.forEach(({ Goop }, n) => Goop.peers.subscribe({ onError: (error) => told[n].push([error.message, error.code]) }));
  const [first] = tabs;
  first.node.refuses = { status: 401, problem: { detail: "cookies are blocked", code: "no_credential" } };
  first.sources[0].readyState = 2;
  first.sources[0].onerror(new Event("error"));
  await settle();
  same(told, [[["cookies are blocked", "no_credential"]], [["cookies are blocked", "no_credential"]]]);
});
