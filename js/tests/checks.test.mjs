// SPDX-License-Identifier: MIT
// What a page passes and assigns by mistake: it is told at once, whatever the slip is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel, openPage, settle } from "./page.mjs";
import { openRoom } from "./room-page.mjs";

/** Values of every type that JavaScript has, by what they are. */
const VALUES = {
  string: "soon", empty: "", number: 7, zero: 0, negative: -1, fraction: 2.5, huge: 1e12, NaN: NaN, infinite: Infinity,
  boolean: true, array: [], object: {}, function: () => {}, bigint: 1n, symbol: Symbol("x"),
};
/** The options of each method, and which of those values fit. */
const OPTIONS = {
  connect: {
    context: ["string", "empty"], params: Object.keys(VALUES), timeout: ["number", "fraction"], signal: [], since: [], new: ["boolean"],
  },
  send: { timeout: ["number", "fraction"] },
  joinRoom: { maxPeers: ["number"], key: ["string"], listed: ["boolean"], context: ["string", "empty"] },
};
const HANDLERS = {
  channel: ["onMessage", "onStateChange", "onError", "onGap", "onSignal", "onDrain"],
  room: ["onMessage", "onMemberJoin", "onMemberLeave", "onStateChange", "onError", "onRewound", "onGap", "onSignal", "onDrain"],
  realtime: ["onIncoming", "onIncomingEnded", "onError"],
};

const page = await openChannel();
const roomPage = await openRoom();
const calls = {
  connect: (options) => page.realtime.connect("bob", options),
  send: async (options) => page.channel.send("x", options),
  joinRoom: (options) => page.realtime.joinRoom("arcade", options),
};
/** What a call of the page fails with at once, before anything is sent. */
async function slip(method, options) {
  const before = page.node.asked.length;
  let error = null;
  calls[method](options).catch((reason) => (error = reason));
  await settle();
  if (error?.name === "TypeError") assert.equal(page.node.asked.length, before);
  return error?.name === "TypeError" ? error.message : null;
}

/** Every name with a letter missing, doubled, changed, or in the other case. */
function* misspelt(name) {
  for (let at = 0; at < name.length; at++) {
    const [head, letter, tail] = [name.slice(0, at), name[at], name.slice(at + 1)];
    yield head + tail;
    yield head + letter + letter + tail;
    yield head + (letter === "q" ? "z" : "q") + tail;
    yield head + (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()) + tail;
  }
}

for (const [method, options] of Object.entries(OPTIONS)) {
  for (const [name, fitting] of Object.entries(options)) {
    test(`${method}: ${name} of each wrong type is a TypeError that names it`, async () => {
      for (const [kind, value] of Object.entries(VALUES)) {
        const told = await slip(method, { [name]: value });
        if (fitting.includes(kind)) assert.equal(told, null, kind);
        else assert.match(told ?? "", new RegExp(`${name}: expected .*, found `), kind);
      }
      for (const nothing of [undefined, null]) assert.equal(await slip(method, { [name]: nothing }), null);
    });

    test(`${method}: ${name} misspelt by a letter is a TypeError with the name that was meant`, async () => {
      for (const wrong of misspelt(name)) {
        if (wrong in options) continue;
        assert.equal((await slip(method, { [wrong]: undefined }))?.includes(`unknown option "${wrong}"; did you mean "${name}"?`), true, wrong);
      }
    });
  }
  test(`${method}: what is no object of options is a TypeError`, async () => {
    for (const kind of ["string", "number", "boolean", "array", "function", "symbol"]) {
      assert.match((await slip(method, VALUES[kind])) ?? "", /expected options in an object/, kind);
    }
    assert.match(await slip(method, { colour: "white" }), /unknown option "colour"; there is /);
  });
}

test("params that are not JSON are told at once, also while the node is away", async () => {
  const { realtime, node } = openPage();
  node.up = false;
  const cycle = {};
  cycle.self = cycle;
  for (const params of [cycle, 1n, () => {}, "\ud800"]) {
    await assert.rejects(realtime.connect("bob", { params }), { code: "not_serialisable" });
  }
  assert.equal(node.asked.length, 0);
});

test("Goop.peers: callbacks that nothing would call are told at once", () => {
  const { Goop, sources } = openPage("goop-peers.js");
  for (const name of ["onSnapshot", "onUpdate", "onRemove", "onError"]) {
    for (const wrong of misspelt(name)) {
      assert.throws(() => Goop.peers.subscribe({ [wrong]: () => {} }), { name: "TypeError", message: /did you mean "on/ }, wrong);
    }
    for (const [kind, value] of Object.entries(VALUES)) {
      if (kind !== "function") assert.throws(() => Goop.peers.subscribe({ [name]: value }), { name: "TypeError" }, kind);
    }
  }
  for (const nothing of [undefined, null, "x", 7, () => {}]) assert.throws(() => Goop.peers.subscribe(nothing), { name: "TypeError" });
  assert.equal(sources.length, 0);
});

test("an AbortSignal, since and new are taken", async () => {
  const stop = new AbortController();
  stop.abort();
  assert.equal(await slip("connect", { signal: stop.signal, since: "start", new: false }), null);
});

test("ids, reasons and contexts of a wrong type are refused at once", async () => {
  const { realtime, node, printed } = openPage();
  for (const [kind, value] of Object.entries(VALUES)) {
    if (kind === "string") continue;
    for (const method of ["connect", "accept", "decline", "joinRoom"]) {
      await assert.rejects(realtime[method](value), { name: "TypeError" }, `${method} ${kind}`);
    }
    assert.throws(() => realtime.serve(value, () => {}), { name: "TypeError" });
    if (kind !== "function") assert.throws(() => realtime.serve("chess", value), { name: "TypeError" });
    if (kind !== "function") assert.throws(() => realtime.serve("chess", () => {}, value), { name: "TypeError" });
    if (kind !== "empty") await assert.rejects(realtime.decline("c1", value), { name: "TypeError" });
  }
  assert.deepEqual(node.asked, []);
  assert.equal(printed.error.length, 0);
});

for (const [where, handlers] of Object.entries(HANDLERS)) {
  for (const name of handlers) {
    test(`${where}.${name}: a slip is named in the console, and what is no function throws`, async () => {
      const { printed, [where]: target } = where === "room" ? roomPage : page;
      for (const wrong of new Set(misspelt(name))) {
        printed.warn.length = 0;
        target[wrong] = () => {};
        assert.equal(printed.warn.length, 1, wrong);
        assert.match(printed.warn[0], new RegExp(`\\.${wrong}; did you mean on`));
      }
      for (const [kind, value] of Object.entries(VALUES)) {
        if (kind !== "function") assert.throws(() => (target[name] = value), { name: "TypeError" }, kind);
      }
      target[name] = () => {};
      target[name] = null;
      target[name] = undefined;
      assert.equal(printed.warn.length, 1);
    });
  }
}

test("what a page keeps on a channel for itself is its own business", async () => {
  const { channel, printed } = await openChannel();
  channel.board = { e2: "pawn" };
  channel.redraw = () => {};
  channel.once = 1;
  assert.deepEqual(Object.keys(channel), ["board", "redraw", "once"]);
  assert.equal(printed.warn.length, 0);
  channel.onClose = () => {};
  assert.match(printed.warn[0], /nothing calls channel\.onClose; there is onMessage, /);
});
