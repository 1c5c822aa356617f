// SPDX-License-Identifier: MIT
// A node's side of one room, as the protocol has it, and everything that may happen to its log.
import { settle } from "./page.mjs";
import { ROOM, peer } from "./room-page.mjs";

const OTHERS = ["bob", "carol", "dave"];
const TOLD = new Set(["join", "leave", "message"]);

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class RoomLife {
  /** What stands above the base: [{ epoch, host, seq, kind, … }]. */
  log = [];
  base = { seq: 0, members: [], runs: [] };
  epoch = [1, "alice"];
  /** Of this page: accepted and not ordered; ordered below the base; refused. */
  outbox = [];
  below = new Set();
  refused = new Set();
  /** By author: what waits to be ordered, at its own node. */
  queues = new Map(OTHERS.map((name) => [name, []]));
  counters = new Map(OTHERS.map((name) => [name, 0]));
  /** How far the page has been told over this connection; null while there is none. */
  told = 0;
  acked = 0;
  /** How often each thing has happened. */
  counts = {};

  constructor(page, random) {
    this.page = page;
    this.random = random;
    const { node } = page;
    const take = node.take.bind(node);
    node.take = (frame, wire) => {
      take(frame, wire);
      this.take(frame);
    };
    this.append({ kind: "open" });
    this.append({ kind: "join", who: "alice" });
  }

  below1 = (n) => Math.floor(this.random() * n);
  get last() {
    return this.log.at(-1)?.seq ?? this.base.seq;
  }
  runs(to = Infinity) {
    const runs = structuredClone(this.base.runs);
    for (const { epoch, host, seq } of this.log.filter((entry) => entry.seq <= to)) {
      const run = runs.at(-1);
      if (run && run[0] === epoch && run[1] === host) run[2] = seq;
      else runs.push([epoch, host, seq]);
    }
    return runs;
  }
  members(to = Infinity) {
    let names = [...this.base.members];
    for (const { seq, kind, who } of this.log) {
      if (seq > to) break;
      if (kind === "join") names.push(who);
      if (kind === "leave") names = names.filter((name) => name !== who);
    }
    return names.map(peer);
  }
  ids = () => new Set(this.log.map(({ id }) => id));

  // -- what the node says

  tell(frame) {
    if (this.told !== null) this.page.node.tell({ channel: ROOM, ...frame });
  }
  append(entry) {
    const [epoch, host] = this.epoch;
    this.log.push({ epoch, host, seq: this.last + 1, ...entry });
    this.pass();
  }
  /** Tells what the page has not been told yet. */
  pass() {
    if (this.told === null) return;
    for (const { epoch, host, seq, kind, who, id, from } of this.log.filter((entry) => entry.seq > this.told)) {
      if (kind === "message" && from !== "alice") {
        this.tell({ type: "message", from, id, data: id, epoch, host, seq, sentAt: 1 });
      } else if (kind === "join" || kind === "leave") this.tell({ type: "member", kind, peer: peer(who), epoch, host, seq });
      this.told = seq;
    }
  }
  place = (seq) => this.runs(seq).at(-1) ?? null;
  tellRewound(to) {
    this.told = to;
    this.acked = Math.min(this.acked, to);
    this.tell({ type: "rewound", to, runs: this.runs(to), members: this.members(to) });
  }
  tellGap(from) {
    this.told = this.base.seq;
    const { runs, members } = this.base;
    this.tell({ type: "gap", from, to: runs.at(-1), runs, members: members.map(peer) });
  }
  answer(id, more = {}) {
    const entry = this.log.find((one) => one.id === id);
    const say = (stage) => this.tell({ type: "receipt", id, stage, ...(entry ? { seq: entry.seq } : {}), ...more });
    if (entry || this.below.has(id)) ["ordered", "delivered", "handled"].forEach(say);
    else if (this.outbox.includes(id)) say("accepted");
    else if (this.refused.has(id)) this.tell({ type: "refused", id, code: "overtaken", reason: "", pointer: "" });
    else say("lost");
  }

  // -- what the page says

  take(frame) {
    if (frame.type === "send") return this.send(frame.id);
    if (frame.type === "ack") return void (this.acked = frame.seq);
    if (frame.type !== "subscribe") return;
    setImmediate(() => {
      if (frame.page) this.resume(frame.after[ROOM] ?? []);
      for (const id of frame.pending?.[ROOM] ?? []) this.answer(id);
    });
  }
  send(id) {
    const known = this.ids().has(id) || this.below.has(id) || this.outbox.includes(id) || this.refused.has(id);
    if (known) return this.answer(id);
    const number = (name) => Number(name.split("-")[1]);
    const highest = Math.max(0, ...[...this.ids(), ...this.below].filter((name) => name?.startsWith(id.split("-")[0])).map(number));
    if (number(id) < highest) {
      this.refused.add(id);
      return this.answer(id);
    }
    this.outbox.push(id);
    this.outbox.sort((one, two) => number(one) - number(two));
    this.tell({ type: "receipt", id, stage: "accepted" });
  }
  resume(runs) {
    this.told = 0;
    this.tell({ type: "room", id: "arcade_1", context: "", state: "joined", host: this.epoch[1], maxPeers: 4, self: "alice" });
    const mine = new Map(this.runs().map(([number, host, last]) => [`${number} ${host}`, last]));
    const shared = runs.filter(([number, host]) => mine.has(`${number} ${host}`)).at(-1);
    const fork = shared ? Math.min(shared[2], mine.get(`${shared[0]} ${shared[1]}`)) : 0;
    const last = runs.at(-1)?.[2] ?? 0;
    if (fork < this.base.seq) this.tellGap(shared ? [shared[0], shared[1], fork] : null);
    else if (fork < last) this.tellRewound(fork);
    else this.told = last;
    this.pass();
  }

  // -- what happens

  say() {
    const name = OTHERS[this.below1(OTHERS.length)];
    const queue = this.queues.get(name);
    if (queue.length === 0) {
      const number = this.counters.get(name) + 1;
      this.counters.set(name, number);
      queue.push(`${name}-${number}`);
    }
    this.append({ kind: "message", from: name, id: queue.shift() });
  }
  hide = () => this.append({ kind: "private" });
  order() {
    const id = this.outbox.shift();
    if (!id) return;
    this.append({ kind: "message", from: "alice", id });
    this.tell({ type: "receipt", id, stage: "ordered", seq: this.last });
    if (this.random() < 0.6) this.answer(id);
  }
  come() {
    const here = this.members().map(({ peerId }) => peerId);
    const who = ["alice", ...OTHERS][this.below1(4)];
    this.append({ kind: here.includes(who) ? "leave" : "join", who });
  }
  /** Another host goes on at a fork: what stood above it is ordered anew, by and by, or lost with its author. */
  rewind() {
    const fork = this.base.seq + this.below1(this.last - this.base.seq + 1);
    this.fall(fork);
    if (this.told !== null && this.told > fork) this.tellRewound(fork);
  }
  fall(fork, mineToo = false) {
    const dropped = this.log.filter(({ seq }) => seq > fork);
    this.log = this.log.filter(({ seq }) => seq <= fork);
    this.epoch = [this.epoch[0] + 1, ["alice", ...OTHERS][this.below1(4)]];
    const mine = dropped.filter(({ kind, from }) => kind === "message" && from === "alice").map(({ id }) => id);
    this.outbox = mineToo ? [] : [...mine, ...this.outbox];
    for (const [name, queue] of this.queues) {
      const again = dropped.filter(({ from, id }) => from === name && id && this.random() < 0.8).map(({ id }) => id);
      queue.unshift(...again);
    }
    return mine;
  }
  /** The log that goes on begins above what this node has. */
  snapshot() {
    const fork = this.base.seq + this.below1(this.last - this.base.seq + 1);
    const at = Math.min(fork, this.told ?? Infinity);
    const from = this.runs(at).at(-1) ?? null;
    const before = this.last;
    this.fall(fork);
    for (const id of [...this.outbox]) if (this.random() < 0.3 && id === this.outbox[0]) this.below.add(this.outbox.shift());
    for (const { id, from: author } of this.log) if (author === "alice" && id) this.below.add(id);
    const seq = fork + 1 + this.below1(before - fork + 3);
    const members = ["alice", ...OTHERS].filter((name) => name === "alice" || this.random() < 0.6);
    this.base = { seq, members, runs: [...this.runs(fork), [...this.epoch, seq]] };
    this.log = [];
    if (this.told !== null) this.tellGap(from);
  }
  trim() {
    const seq = this.base.seq + this.below1(this.last - this.base.seq + 1);
    if (seq === this.base.seq) return;
    for (const entry of this.log) if (entry.seq <= seq && entry.from === "alice") this.below.add(entry.id);
    this.base = { seq, members: this.members(seq).map(({ peerId }) => peerId), runs: this.runs(seq) };
    this.log = this.log.filter((entry) => entry.seq > seq);
  }
  cut() {
    if (this.told === null) return;
    this.told = null;
    this.page.node.cut();
  }
  /** The computer loses its power, and with that the newest of what it had written. */
  crash() {
    this.cut();
    this.fall(this.base.seq + this.below1(this.last - this.base.seq + 1), true);
  }
  async back() {
    await this.page.clock.advance(5_000);
    await settle();
  }

  /** What can happen, and how often beside the others. */
  things = {
    say: 30, order: 20, hide: 5, come: 8, rewind: 6, snapshot: 2, trim: 3, cut: 3, crash: 2, back: 6,
  };
  async happen() {
    let left = this.random() * Object.values(this.things).reduce((sum, one) => sum + one);
    for (const [name, weight] of Object.entries(this.things)) {
      left -= weight;
      if (left > 0) continue;
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      return void (await this[name]());
    }
  }
  /** No more faults: all that was said is ordered, and told. */
  async rest() {
    await this.back();
    while (this.outbox.length > 0) this.order();
    for (const [name, queue] of this.queues) while (queue.length > 0) this.append({ kind: "message", from: name, id: queue.shift() });
    await settle();
    for (const { from, id } of this.log) if (from === "alice") this.answer(id);
    for (const id of this.below) this.answer(id);
    await settle();
  }
}

export const isTold = ({ kind, from }) => TOLD.has(kind) && from !== "alice";
