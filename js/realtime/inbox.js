// SPDX-License-Identifier: MIT
// Messages of one channel that wait for the page's handlers: one after the other, each once.
import { call, report } from "./errors.js";
import { metaOf } from "./history.js";

/**
 * @import { Conduit } from "./conduit.js"
 */

const HANDLER_PATIENCE_MS = 10_000;
/** What may wait here for the page's handler; the node keeps what is beyond it. */
const INBOX_MESSAGES = 10_000;
const INBOX_BYTES = 4 * 1024 * 1024;
const FAILURES_KEPT = 1_000;

/**
 * Where an entry stands in its channel's log.
 * @typedef {[epoch: number, seq: number]} Place
 */

/**
 * Something for a handler of the page, which is looked up when its turn has come.
 * @typedef {{ bytes: number, at: Place | null, name: string, handler(): unknown, args: unknown[] }} Item
 */

/**
 * @param {Place} one
 * @param {Place | null} other
 */
const isAfter = (one, other) => !other || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);

export class Inbox {
  /** @param {Conduit} conduit */
  constructor(conduit) {
    this.conduit = conduit;
    /** @type {Item[]} */
    this.items = [];
    this.bytes = 0;
    this.overflowed = false;
    this.busy = false;
    /** @type {Place | null} the last received and the last that a handler is done with */
    this.after = null;
    /** @type {Place | null} */
    this.handled = null;
    /** The numbers of messages whose handler threw, or had not returned when patience ended. @type {number[]} */
    this.failed = [];
    /** How far the node has been told. */
    this.told = 0;
    /** The node has been asked to begin again at the log's start, and has not answered. */
    this.rewinding = false;
    this.rounds = 0;
  }

  /** Whether something is in the page's hands, or waits for them. */
  waits() {
    return this.busy || this.items.length > 0;
  }

  /** @param {Item} item */
  add(item) {
    this.bytes += item.bytes;
    this.items.push(item);
    this.run();
  }

  /** Has everything that the node still holds told again, from the start of the log. */
  rewind() {
    if (this.conduit.ended) return;
    this.rewinding = true;
    this.forget();
    this.conduit.hub.subscribe({ channels: [this.conduit.id], since: { [this.conduit.id]: "start" } });
  }

  /** What comes from now on begins at the start. */
  rewound() {
    this.rewinding = false;
    this.forget();
  }

  forget() {
    this.rounds++;
    this.after = this.handled = null;
    this.failed = [];
    this.told = 0;
    this.items = this.items.filter(({ at }) => !at);
    this.bytes = 0;
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  receive(frame, bytes) {
    /** @type {Place | null} */
    const at = typeof frame.seq === "number" ? [frame.epoch ?? 0, frame.seq] : null;
    if (this.rewinding || (at && !isAfter(at, this.after))) return; // told again, or told before
    if (this.overflowed || this.items.length >= INBOX_MESSAGES || this.bytes + bytes > INBOX_BYTES) {
      this.overflowed = true;
      return;
    }
    if (at) this.after = at;
    const handler = () => this.conduit.face.onMessage;
    this.add({ bytes, at, name: "onMessage", handler, args: [frame.data, metaOf(frame)] });
  }

  /** @param {any} frame */
  gap(frame) {
    if (this.rewinding) return;
    const place = (/** @type {any} */ pair) => (Array.isArray(pair) ? pair : null);
    const from = place(frame.from);
    const to = /** @type {Place | null} */ (place(frame.to));
    if (to && isAfter(to, this.after)) this.after = to;
    const handler = () => this.conduit.face.onGap ?? (() => report(`channel ${this.conduit.id}: messages are gone`, { from, to }));
    this.add({ bytes: 0, at: to, name: "onGap", handler, args: [{ from, to }] });
  }

  /** Hands out what waits, one after the other, for as long as there is a handler for it. */
  run() {
    while (!this.busy && this.items.length > 0) {
      const { bytes, at, name, handler, args } = this.items[0];
      const target = handler();
      if (typeof target !== "function") return;
      this.items.shift();
      this.bytes -= bytes;
      this.busy = true;
      const { rounds } = this;
      const well = call(name, target, ...args);
      if (typeof well !== "boolean") return this.wait(well, at, name);
      this.busy = false;
      if (rounds === this.rounds) this.done(at, well);
    }
    if (this.overflowed && this.items.length === 0) {
      this.overflowed = false;
      this.conduit.hub.line.restart();
    }
  }

  /**
   * @param {Promise<boolean>} pending
   * @param {Place | null} at
   * @param {string} name
   */
  wait(pending, at, name) {
    let blocking = true;
    const { rounds } = this;
    const goOn = () => {
      if (!blocking) return;
      blocking = false;
      clearTimeout(timer);
      this.busy = false;
      this.run();
    };
    const timer = setTimeout(() => {
      console.warn(
        `Goop.realtime: ${name} of channel ${this.conduit.id} (${this.conduit.context || "no context"}) has been ` +
          `pending for ${HANDLER_PATIENCE_MS / 1000} s; the next message does not wait for it`,
      );
      // It is not handled yet; but a later one may be, and then it counts as failed.
      if (rounds === this.rounds) this.fails(at);
      goOn();
    }, HANDLER_PATIENCE_MS);
    void pending.then((well) => {
      if (rounds === this.rounds) this.done(at, well);
      goOn();
    });
  }

  /** @param {Place | null} at */
  fails(at) {
    if (at && isAfter(at, this.handled)) this.failed = [...this.failed, at[1]].slice(-FAILURES_KEPT);
  }

  /**
   * @param {Place | null} at
   * @param {boolean} well whether its handler returned in good order
   */
  done(at, well) {
    if (!at || !isAfter(at, this.handled)) return;
    this.failed = this.failed.filter((seq) => seq !== at[1]);
    if (!well) this.fails(at);
    this.handled = at;
    this.conduit.hub.acknowledge(this.conduit);
  }

  /** How far the handlers are, and what the node does not know yet of those that failed. */
  acknowledgement() {
    if (!this.handled) return null;
    const [epoch, seq] = this.handled;
    const failed = this.failed.filter((one) => one > this.told && one <= seq);
    this.told = seq;
    return { epoch, seq, ...(failed.length > 0 ? { failed } : {}) };
  }
}
