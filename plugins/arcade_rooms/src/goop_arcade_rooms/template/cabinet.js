// SPDX-License-Identifier: MIT
// One cabinet: a room, and the game that is played in it. What is said goes to the game, what the game
// says goes to the room; where another order turns out to count, the game begins from that.
import { Game } from "./game/game.js";
import { stateOf } from "./game/known.js";

/** How long ago something can have been told for its time to say what time it is now. */
const LONGEST_MS = 60_000;

/** @typedef {{ from: string, data: any, meta: GoopRoomMeta }} Said */

export class Cabinet {
  /**
   * @param {GoopRoom} room
   * @param {() => void} changed  there is something to show that is not on the screen
   */
  constructor(room, changed) {
    this.room = room;
    this.changed = changed;
    this.game = new Game(room.self, (message) => this.#send(message));
    /** What this page has said and has no safe place in the log yet. @type {Set<any>} */
    this.sent = new Set();
    /** What comes while the state is read. @type {Said[] | null} */
    this.held = [];
    /** Up to where the game has the log. */
    this.seq = 0;
    this.reading = 0;
    /** The state that was shown last. */
    this.shown = this.game.state;
    /** Why it is over, for the person; "" while it is not. */
    this.ended = "";
    room.onMemberJoin = ({ peerId }) => {
      this.game.comes(peerId);
      changed();
    };
    room.onMemberLeave = ({ peerId }) => {
      this.game.goes(peerId);
      changed();
    };
    room.onMessage = (from, data, meta) => this.#take({ from, data, meta });
    room.onStateChange = (state, { host, reason }) => {
      this.game.hostIs(host, performance.now());
      if (state === "left") this.ended = reason || "You are not in this game any more.";
      changed();
    };
    room.onRewound = () => this.read();
    room.onGap = () => this.read();
    room.onError = () => this.read();
    this.game.hostIs(room.host, performance.now());
    void this.read();
  }

  /** @param {import("./game/game.js").Message} message */
  #send(message) {
    const sent = this.room.send(message);
    if (message.type === "position" || message.type === "clock") return;
    this.sent.add(message);
    sent.delivered
      .finally(() => this.sent.delete(message))
      // It does not count: what does is in the log.
      .catch(() => this.read());
  }

  /** Reads what all that was said has come to; what comes meanwhile comes behind it. */
  async read() {
    const turn = ++this.reading;
    this.held ??= [];
    const known = await this.room.snapshot().catch(() => null);
    if (turn !== this.reading) return;
    if (known) this.#restore(known);
    const held = this.held;
    this.held = null;
    for (const said of held) this.#take(said);
    for (const message of this.sent) this.game.said(this.room.self, message, performance.now());
    this.changed();
  }

  /** @param {{ state: any, position: any[] }} known */
  #restore({ state: known, position }) {
    const { state, told, fired } = stateOf(known, this.room.self);
    const gone = Date.now() - told.at;
    const tick = told.tick + (gone > 0 && gone < LONGEST_MS ? Math.round((gone * 60) / 1000) : 0);
    this.seq = position[position.length - 1];
    const same = state.round === this.game.state.round && this.game.clock.begin !== null;
    this.game.restore(state, same ? null : tick, performance.now(), fired);
  }

  /** @param {Said} said */
  #take(said) {
    const { from, data, meta } = said;
    if (meta.delivery !== "ordered") return this.game.said(from, data, performance.now());
    if (this.held) {
      this.held.push(said);
      return;
    }
    if (meta.seq <= this.seq) return;
    this.game.said(from, data, performance.now());
  }

  /** As often as there is a frame, and now and then where nobody looks. @param {number} now */
  step(now) {
    this.game.step(now);
    if (this.game.state === this.shown) return;
    this.shown = this.game.state;
    this.changed();
  }

  /** @param {boolean} ready */
  ready(ready) {
    this.game.ready(ready, performance.now());
  }

  /** @param {"together" | "versus"} mode */
  start(mode) {
    this.game.start(mode, crypto.getRandomValues(new Uint32Array(1))[0] >>> 1, performance.now());
  }
}
