// SPDX-License-Identifier: MIT
// Honest games, as the nodes of a room see them: for each seed in the arguments one line of JSON, with what was
// told in its order and what the round has come to at the pages. Run by a test of the node's rules.
import { Cabinet, seeded } from "./arcade-cabinet.mjs";

const NAMES = ["alice", "bob", "carol", "dave", "erin"];

class Honest extends Cabinet {
  told = [];
  /** Since when each said what it said last: a node accepts things in order. @type {Map<string, number>} */
  accepted = new Map();
  /** The newest place of each, and what has no place in the log yet. */
  places = new Map();
  outboxes = new Map();
  /** How often each has left: what is on its way then does not arrive. */
  stays = new Map();

  constructor(seed) {
    super(seed, 5 + 120 * seeded(seed)());
    /** Clocks of nodes, minutes apart. */
    this.offsets = new Map(NAMES.map((name) => [name, Math.floor(this.random() * 1.2e6)]));
    /** Until when a node stands still, and until when a page draws nothing. */
    this.still = new Map();
    this.drawn = new Map();
  }

  /** By its node's clock. */
  at(name) {
    const at = Math.max(this.now, this.still.get(name) ?? 0, this.accepted.get(name) ?? 0);
    this.accepted.set(name, at);
    return 1.7e12 + this.offsets.get(name) + Math.floor(at);
  }
  enter(name, again = false) {
    if (!again) this.told.push({ kind: "join", peer: name, host: this.host || name });
    const page = super.enter(name);
    if (this.places.has(name)) page.game.said(name, this.places.get(name), this.clock(page));
    return page;
  }
  leave(name, next) {
    this.told.push({ kind: "leave", peer: name, host: this.host });
    this.stays.set(name, (this.stays.get(name) ?? 0) + 1);
    this.places.delete(name);
    this.outboxes.delete(name);
    super.leave(name, next);
  }
  send(from, message) {
    const sentAt = this.at(from);
    if (message.type === "position") this.places.set(from, message);
    if (message.type === "position" || message.type === "clock") {
      const stay = this.stays.get(from);
      const told = () => stay === this.stays.get(from) && this.told.push({ kind: "latest", from, host: this.host, sentAt, data: message });
      this.later(this.trip(), told);
    }
    if (message.type === "position" || message.type === "clock") return super.send(from, message);
    this.outboxes.set(from, [...(this.outboxes.get(from) ?? []), { sentAt, message }]);
    if (from === this.host) this.flush(from);
    else this.later(this.trip(), () => this.flush(from));
  }
  /** In order; without a host all of it waits, and whoever becomes host begins with their own. */
  flush(from) {
    if (this.host === "") return this.later(50, () => this.flush(from));
    const waiting = this.outboxes.get(from) ?? [];
    this.outboxes.delete(from);
    for (const { sentAt, message } of waiting) {
      this.told.push({ kind: "msg", from, host: this.host, sentAt, data: message });
      this.order(from, message);
    }
  }
  /** Some draw slowly, now and then one stands still for a while, or its node does. */
  frame(page) {
    if ((this.drawn.get(page.name) ?? 0) > this.now) return;
    const chance = this.random();
    const slow = page.name === "bob" ? 90 : page.name === "carol" ? 33 : 0;
    this.drawn.set(page.name, this.now + (chance < 0.001 ? 1_500 * this.random() : slow));
    if (chance > 0.9995) this.still.set(page.name, this.now + 1_500 * this.random());
    super.frame(page);
  }
}

function played(seed) {
  const cabinet = new Honest(seed);
  const random = seeded(seed + 1000);
  const count = 1 + (seed % NAMES.length);
  for (const name of NAMES.slice(0, count)) cabinet.enter(name);
  const over = () => [...cabinet.pages.values()].every(({ game }) => game.state.phase !== "playing");
  for (let round = 0; round < 2; round++) {
    cabinet.begin(random() < 0.5 ? "versus" : "together", Math.floor(random() * 2 ** 31));
    for (let turn = 0; turn < 9; turn++) {
      cabinet.run(4_000);
      if (over()) break;
      const guests = [...cabinet.pages.keys()].filter((name) => name !== cabinet.host);
      const [one, chance] = [guests[Math.floor(random() * guests.length)], random()];
      if (one && chance < 0.3) {
        cabinet.pages.delete(one);
        cabinet.run(400);
        cabinet.enter(one, true);
      } else if (one && chance < 0.45) {
        cabinet.leave(one, "");
        cabinet.run(1_500);
        cabinet.enter(one);
      } else if (one && chance < 0.6) {
        const gone = cabinet.host;
        cabinet.leave(gone, one);
        cabinet.run(1_500);
        cabinet.enter(gone);
      }
    }
    // To the end: nobody steers any more.
    for (const page of cabinet.pages.values()) Object.assign(page, { plays: false }).game.keys.fire = false;
    for (let turn = 0; turn < 60 && !over(); turn++) cabinet.run(2_000);
    cabinet.run(1_000);
    for (const page of cabinet.pages.values()) page.plays = true;
  }
  const states = new Set(cabinet.states());
  return { seed, told: cabinet.told, states: [...states].map((state) => JSON.parse(state)) };
}

for (const seed of process.argv.slice(2)) console.log(JSON.stringify(played(Number(seed))));
