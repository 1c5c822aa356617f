// SPDX-License-Identifier: MIT
// Two connections that agree over a channel while everything takes as long as it likes: the
// browser's steps, the messages, the users, and pages that are loaded anew. All of it follows from a seed.
import assert from "node:assert/strict";
import { connectionIn } from "./call-connection.mjs";
import { Link } from "../call/link.js";

export const KINDS = ["audio", "video"];

function randomOf(seed) {
  let state = seed + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is due, done in any order; what stands in one lane stays in its order. */
class World {
  #due = [];
  constructor(seed) {
    this.random = randomOf(seed);
    this.chance = (share) => this.random() < share;
  }
  soon = (run, lane = Symbol()) => void this.#due.push({ run, lane });
  pause = () => new Promise((resolve) => this.soon(resolve));
  /** One thing; false when nothing is due. */
  async step() {
    const first = this.#due.filter(({ lane }, at) => this.#due.findIndex((other) => other.lane === lane) === at);
    const one = first[Math.floor(this.random() * first.length)];
    if (one) this.#due.splice(this.#due.indexOf(one), 1);
    one?.run();
    await new Promise((resolve) => setImmediate(resolve));
    return one !== undefined || this.#due.length > 0;
  }
}

/** The node's part: what its session refuses (offers that nobody answers, answers that nobody waits for). */
class Session {
  #open = [0, 0];
  refuses(at, { type }) {
    if (type === "sdp_offer") return this.#open[at] < 16 ? void this.#open[at]++ : "too_many_offers";
    if (type !== "sdp_answer") return undefined;
    if (this.#open[1 - at] === 0) return "no_offer";
    this.#open[1 - at]--;
    this.#open[at] = 0;
    return undefined;
  }
}

/** Two people, each with a page that has a link; what goes wrong is gathered. */
export class Pair {
  wrong = [];
  waiting = 0;
  #session = new Session();
  /** What has come to each of the two: the messages, and how many of them a page has handled. */
  #logs = [0, 1].map(() => ({ messages: [], handled: 0 }));
  sides = [];
  constructor(world, offers) {
    this.world = world;
    offers.forEach((_, at) => this.#open(at, offers[at], { audio: null, video: null }));
  }
  #open(at, offers, tracks) {
    const side = { tracks, connections: [], gone: false, lost: false, next: 0, busy: false, speaks: false };
    const owner = {
      configuration: { opened: (connection) => side.connections.push(connection) },
      say: (message) => (side.gone ? new Promise(() => {}) : this.#leave(side, at, message)),
      track: (kind) => tracks[kind],
      stream: {},
      onMet() {},
      onStream() {},
      onState() {},
    };
    side.link = new Link(owner, offers);
    this.sides[at] = side;
    this.world.soon(() => {
      if (side.gone) return;
      side.speaks = true; // it has learned that they have agreed
      side.link.speak();
      this.#hand(at);
    });
  }
  /** From the page to its node, which may refuse it, and on to the other's. */
  #leave(side, at, message) {
    return new Promise((resolve) =>
      this.world.soon(() => {
        // What a page that is gone has said last may be lost with it.
        side.lost ||= side.gone && this.world.chance(0.4);
        if (side.lost) return;
        const refused = this.#session.refuses(at, message);
        if (!refused) {
          this.#logs[1 - at].messages.push(message);
          this.#hand(1 - at);
        }
        resolve(!refused);
      }, `out ${at}`),
    );
  }
  /** A page is handed one message after the other. */
  #hand(at) {
    const side = this.sides[at];
    const log = this.#logs[at];
    if (!side.speaks || side.busy || side.next >= log.messages.length) return;
    side.busy = true;
    this.world.soon(() => {
      if (side.gone) return;
      const nth = ++side.next;
      this.#watch(side, side.link.take(log.messages[nth - 1])).then(() => {
        if (side.gone) return;
        log.handled = Math.max(log.handled, nth);
        side.busy = false;
        this.#hand(at);
      });
    });
  }
  async #watch(side, done) {
    this.waiting++;
    let waits = true;
    const over = () => {
      if (waits) this.waiting--;
      waits = false;
    };
    side.leave ??= [];
    side.leave.push(over);
    await done.catch((error) => side.gone || this.wrong.push(error));
    over();
  }
  /** A page is loaded anew. What it had not handled, and some of what it had, comes again. */
  reload(at) {
    const before = this.sides[at];
    before.gone = true;
    before.leave?.forEach((over) => over());
    before.link.close();
    this.#open(at, true, before.tracks);
    this.sides[at].next = Math.max(0, this.#logs[at].handled - Math.floor(this.world.random() * 3));
    this.#hand(at);
  }
  /** Something a user or the network does. */
  act() {
    const side = this.sides[this.world.chance(0.5) ? 1 : 0];
    const kind = KINDS[this.world.chance(0.5) ? 1 : 0];
    if (this.world.chance(0.3)) return side.link.restart();
    side.tracks[kind] = this.world.chance(0.7) ? { kind } : null;
    void this.#watch(side, side.link.send(kind));
  }
}

export async function run(seed, play) {
  const world = new World(seed);
  const Connection = connectionIn(world);
  const printed = [];
  const thrown = (error) => printed.push(error);
  const before = { error: console.error, warn: console.warn };
  const { getRandomValues } = crypto;
  crypto.getRandomValues = (bytes) => bytes.map(() => world.random() * 256); // who gives way is of the seed, too
  globalThis.RTCPeerConnection = class extends Connection {
    constructor({ opened }) {
      super();
      opened(this);
    }
  };
  globalThis.MediaStream = class {
    addTrack() {}
  };
  console.error = console.warn = (...words) => printed.push(words.join(" "));
  process.on("unhandledRejection", thrown);
  try {
    const pair = await play(world);
    for (let left = 3_000; await world.step(); left--) assert.ok(left > 0, `seed ${seed}: they never agree`);
    assert.deepEqual([...pair.wrong, ...printed].map(String), [], `seed ${seed}`);
    assert.equal(pair.waiting, 0, `seed ${seed}: something waits for ever`);
    return pair;
  } finally {
    Object.assign(console, before);
    crypto.getRandomValues = getRandomValues;
    process.off("unhandledRejection", thrown);
    for (const name of ["RTCPeerConnection", "MediaStream"]) delete globalThis[name];
  }
}
