// SPDX-License-Identifier: MIT
// Several pages of the arcade around one room, without browsers: messages take their time, the host
// orders, and whoever plays follows a seed.
import vm from "node:vm";
import { classic } from "./page.mjs";
import { seeded } from "./room-life.mjs";

const scope = vm.createContext({ structuredClone });
vm.runInContext(classic("tests/arcade-parts.js"), scope);
export const { Clock, Game, March, NOTHING, Track, after, cellAt, cellPlace, eroded, sceneOf, stateOf, status, total, whole, winners } = scope;
export { seeded };

const FRAME_MS = 1000 / 60;

export class Cabinet {
  now = 0;
  log = [];
  due = [];
  pages = new Map();
  host = "";

  constructor(seed, delay = 30) {
    this.random = seeded(seed);
    this.delay = delay;
  }

  /** Somebody comes in, or back: with what the log says. */
  enter(name) {
    const game = new Game(name, (message) => this.send(name, structuredClone(message)));
    for (const other of this.pages.keys()) game.comes(other);
    for (const page of this.pages.values()) page.game.comes(name);
    const page = { name, game, skew: this.random() * 1e6, read: this.log.length, plays: true };
    this.pages.set(name, page);
    if (this.host === "") this.host = name;
    let [state, newest] = [NOTHING, { tick: 0, at: this.now }];
    let fired = -Infinity;
    for (const { from, message, at } of this.log) {
      state = after(state, from, message);
      if (message.type === "start") fired = -Infinity;
      if (message.type === "shoot") fired = from === name ? message.tick : fired;
      else if (Number.isInteger(message.tick)) newest = { tick: message.tick, at };
    }
    const gone = ((this.now - newest.at) * 60) / 1000;
    if (this.log.length > 0) game.restore(state, Math.round(newest.tick + gone), this.clock(page), fired);
    game.hostIs(this.host, this.clock(page));
    return page;
  }
  /** A page is gone; where it was the host's, another one is. */
  leave(name, next) {
    this.pages.delete(name);
    for (const { game } of this.pages.values()) game.goes(name);
    if (this.host !== name) return;
    this.host = "";
    this.later(300, () => {
      this.host = next;
      for (const page of this.pages.values()) page.game.hostIs(next, this.clock(page));
    });
  }
  /** Pages have clocks of their own. */
  clock = (page) => this.now + page.skew;

  later(ms, run) {
    this.due.push({ at: this.now + ms, run });
  }
  trip = () => this.delay * (0.7 + 0.6 * this.random());

  send(from, message) {
    if (message.type === "position" || message.type === "clock") {
      for (const page of this.pages.values()) {
        if (page.name !== from) this.later(this.trip(), () => this.tell(page, from, message));
      }
    } else if (from === this.host) this.order(from, message);
    else this.later(this.trip(), () => this.host && this.order(from, message));
  }
  order(from, message) {
    this.log.push({ from, message, at: this.now });
    const { length } = this.log;
    for (const page of this.pages.values()) this.later(page.name === this.host ? 0 : this.trip(), () => this.read(page, length));
  }
  /** In the log's order; one's own was taken when it was said. */
  read(page, upto) {
    for (; page.read < upto; page.read++) {
      const { from, message } = this.log[page.read];
      if (from !== page.name) this.tell(page, from, message);
    }
  }
  tell(page, from, message) {
    if (this.pages.get(page.name) === page) page.game.said(from, message, this.clock(page));
  }

  /** Somebody who moves and shoots about. */
  bot({ game }) {
    if (this.random() < 0.06) {
      const way = this.random();
      Object.assign(game.keys, { left: way < 0.4, right: way > 0.6 });
    }
    game.keys.fire = true;
  }
  frame(page) {
    page.game.step(this.clock(page));
  }
  run(ms, each = () => {}) {
    for (const end = this.now + ms; this.now < end; this.now += FRAME_MS) {
      this.due.sort((one, other) => one.at - other.at);
      while (this.due[0]?.at <= this.now) this.due.shift().run();
      for (const page of this.pages.values()) {
        if (page.plays) this.bot(page);
        this.frame(page);
      }
      each();
    }
  }
  /** Everybody is ready, and the host begins. */
  begin(mode, seed) {
    for (const page of this.pages.values()) page.game.ready(true, this.clock(page));
    this.run(500);
    const page = this.pages.get(this.host);
    page.game.start(mode, seed, this.clock(page));
  }
  /** What the state at each page comes to. */
  states() {
    return [...this.pages.values()].map(({ game: { state } }) =>
      JSON.stringify({ ...state, hits: [...state.hits].sort(), spent: [...state.spent].sort(), ready: [] }),
    );
  }
}
