// SPDX-License-Identifier: MIT
// The game objects of the chess page under everything that may happen in any order: views left and
// entered, reloads, second tabs, moves that wait, are ordered or refused. What was said is shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { classic } from "./page.mjs";

const SOURCE = classic("../plugins/chess/src/goop_chess/template/tables.js").replace(/\}\)\(\);\s*$/, "globalThis.Tables = Tables;\n})();");
const READING = classic("goop-reading.js");
const LIVES = 60;
const STEPS = 60;

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function chanceOf(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** White's node: its log, its outbox, and the answers to its pages, each after a while. */
class Node {
  log = [];
  outbox = [];
  pages = [];
  due = [];
  /** How many answers will not come; and of those that tell of positions alone. */
  failing = 0;
  failingPast = 0;
  constructor(chance) {
    this.chance = chance;
  }

  /** An answer to a page, after a while, unless it fails on the way. */
  answer(work) {
    return this.later(() => {
      if (this.failing === 0) return work();
      this.failing -= 1;
      throw new TypeError("no answer");
    });
  }

  /** Something that happens after everything that was due before, or among it. */
  later(work) {
    return new Promise((resolve, reject) => {
      const run = () => Promise.resolve().then(work).then(resolve, reject);
      this.due.splice(Math.floor(this.chance() * (this.due.length + 1)), 0, run);
    });
  }

  async turn() {
    this.due.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async settle() {
    do await this.turn();
    while (this.due.length > 0);
  }

  state() {
    const moves = this.log.map(({ data }) => data.from); // each move is told by where it begins
    return { game: "chess_1", status: "running", colour: "white", turn: moves.length % 2 ? "black" : "white", uci: moves, san: moves.map(() => "O-O") };
  }

  /** The positions of the game behind so many moves, a few at a time. */
  positions(after) {
    if (this.failingPast-- > 0) throw new TypeError("no answer");
    const plies = this.state().uci.map((uci) => ({ uci, san: "O-O", fen: "8/8/8/8/8/8/8/8 w", check: false }));
    return { positions: plies.slice(after, after + 3) };
  }

  tell(name, ...args) {
    for (const page of this.pages) void this.later(() => page.channel[name]?.(...args));
  }
}

/** What pages could not read. */
const failures = [];

/** One document with a game on its table. */
class Page {
  shown = new Set();
  refused = new Set();
  counter = 0;
  sends = new Map();
  constructor(node, name) {
    this.node = node;
    this.name = name;
    this.channel = {
      id: "c1",
      context: "chess_1",
      state: "connected",
      detail: {},
      pending: () => node.answer(() => node.outbox.map(({ id, data }) => ({ id, data }))),
      send: (data) => this.send(data),
      signal: () => true,
      close() {},
    };
    const fetch = (path) => node.answer(() => ({ ok: true, json: async () => (path.includes("/positions") ? node.positions(Number(path.split("after=")[1])) : node.state()) }));
    const scope = { Goop: { realtime: { channels: async () => [this.channel] } }, fetch, setTimeout: (work) => void node.later(work), clearTimeout() {}, document: { getElementById: () => null } };
    vm.runInNewContext(READING + SOURCE, scope);
    const unread = (game, error) => (failures.push(error) && assert.match(error.message, /answer/));
    const told = { changed: (game) => this.changed(game), refused() {}, read() {}, unread };
    this.tables = new scope.Tables(told);
    node.pages.push(this);
    this.enter();
  }

  enter() {
    this.game = this.tables.of("chess_1");
    void this.tables.findChannels();
    return this.game.refresh();
  }

  send(data) {
    const id = `${this.name}-${++this.counter}`;
    const steps = {};
    const delivered = new Promise((resolve, reject) => Object.assign(steps, { resolve, reject }));
    delivered.catch(() => {});
    this.sends.set(id, steps);
    const { node } = this;
    const accepted = node.later(() => {
      node.outbox.push({ id, data, page: this });
      node.tell("onPending", node.outbox.length);
      return { id };
    });
    return Object.assign(accepted, { id, delivered });
  }

  /** What is shown now: nothing that was said and shown before is missing, unless it was refused. */
  changed(game) {
    if (!this.node.pages.includes(this)) return; // a document that is gone
    const now = new Set(game.state.uci);
    for (const { from } of game.onItsWay) now.add(from);
    for (const move of this.shown) assert.ok(now.has(move) || this.refused.has(move), `${this.name} shows ${move} no more`);
    this.shown = now;
  }

  /** At rest a page shows what its node has. */
  judge() {
    const { node, game } = this;
    assert.deepEqual([...game.state.uci], node.state().uci, this.name);
    assert.deepEqual([...game.onItsWay].map(({ from }) => from), node.outbox.map(({ data }) => data.from), this.name);
    assert.deepEqual([...game.past.plies].map(({ uci }) => uci), [...game.state.uci], `${this.name} can step through all of it`);
    assert.equal(game.myTurn, node.state().turn === "white" && node.outbox.length === 0, this.name);
  }
}

/** What may happen to a game, each where it can. */
const HAPPENS = {
  move(node, page) {
    if (!page.game.myTurn) return;
    const from = `${page.name}:${page.counter}`;
    void page.game.move(from, "e4");
    // From that moment on, before the node has taken it: it is shown, and nothing else can be played.
    assert.equal(page.game.pending?.from, from);
    assert.ok(!page.game.myTurn);
  },
  order(node) {
    const first = node.outbox.shift();
    if (!first) return;
    node.log.push(first);
    if (node.pages.includes(first.page)) void node.later(() => first.page.sends.get(first.id).resolve());
    for (const page of node.pages) if (page !== first.page) void node.later(() => page.channel.onMessage?.(first.data));
    node.tell("onPending", node.outbox.length);
  },
  refuse(node) {
    const first = node.outbox.shift();
    if (!first) return;
    for (const page of node.pages) page.refused.add(first.data.from);
    const error = Object.assign(new Error("refused"), { code: "refused" });
    if (node.pages.includes(first.page)) void node.later(() => first.page.sends.get(first.id).reject(error));
    else node.tell("onError", error);
    node.tell("onPending", node.outbox.length);
  },
  reply(node) {
    if (node.state().turn !== "black") return;
    const data = { type: "move", from: `black:${node.log.length}`, to: "e5" };
    node.log.push({ id: data.from, data });
    node.tell("onMessage", data);
  },
  leave: (node, page) => page.game.leave(),
  enter: (node, page) => void page.enter(),
  reload(node, page) {
    node.pages.splice(node.pages.indexOf(page), 1);
    new Page(node, `p${++node.names}`);
  },
  tab(node) {
    if (node.pages.length < 3) new Page(node, `p${++node.names}`);
  },
  fail: (node) => void (node.failing = 1 + Math.floor(node.chance() * 3)),
  failPast: (node) => void (node.failingPast = 1 + Math.floor(node.chance() * 3)),
  answer: (node) => node.turn(),
  rest: async (node) => {
    await node.settle();
    for (const page of node.pages) page.judge();
  },
};
const KINDS_OF_NEWS = [...Object.keys(HAPPENS), "move", "order", "reply", "answer", "answer", "answer"];

test("whatever happens in whichever order, what was said is shown until it is played or refused", async () => {
  let [moves, refusals] = [0, 0];
  for (let seed = 1; seed <= LIVES; seed++) {
    const chance = chanceOf(seed);
    const node = new Node(chance);
    node.names = 1;
    new Page(node, "p1");
    const told = [];
    try {
      for (let n = 0; n < STEPS; n++) {
        const kind = KINDS_OF_NEWS[Math.floor(chance() * KINDS_OF_NEWS.length)];
        told.push(kind);
        await HAPPENS[kind](node, node.pages[Math.floor(chance() * node.pages.length)]);
      }
      await HAPPENS.rest(node);
    } catch (error) {
      error.message = `life ${seed}: ${error.message} after ${told.join(" ")}`;
      throw error;
    }
    moves += node.log.length;
    refusals += told.filter((kind) => kind === "refuse").length;
  }
  assert.ok(moves > LIVES, `${moves} moves`);
  assert.ok(refusals > LIVES / 2, `${refusals} refusals`);
  assert.ok(failures.length > LIVES, `${failures.length} answers that did not come`);
});
