// SPDX-License-Identifier: MIT
// What waits for the page's handlers: one after the other, each once.
/**
 * @import { Hub } from "./hub.js"
 */

const HANDLER_PATIENCE_MS = 10_000;
/** What may wait here for the page's handler; the node keeps what is beyond it. */
const INBOX_MESSAGES = 10_000;
const INBOX_BYTES = 4 * 1024 * 1024;
const FAILURES_KEPT = 1_000;
/** So many newest messages of different kinds wait for a handler. */
const LATEST_KEPT = 1_000;

/**
 * Where an entry stands in the log: `[epoch, seq]` of a channel, `[number, host, seq]` of a room.
 * @typedef {(number | string)[]} Place
 */

/**
 * Something for the page. `at`: what counts as handled behind it; `ready`: whether there is a handler now;
 * `stays`: it is told even where its place is dropped.
 * @typedef {{ bytes: number, at: Place | null, name: string, ready(): boolean, run(): boolean | Promise<boolean>,
 *   stays?: boolean }} Item
 */

/** What an inbox has to know of its channel or room. @typedef {{ id: string, hub: Hub, words(): string, hears(name: string): boolean, handOut(frame: any): boolean | Promise<boolean> }} Owner */

/** @param {Place} place */
export const seqOf = (place) => Number(place[place.length - 1]);
export const always = () => true;

/**
 * Something that nothing hinders, and that says nothing of what was handled.
 * @param {string} name
 * @param {Item["run"]} run
 * @returns {Item}
 */
export const placeless = (name, run) => ({ bytes: 0, at: null, name, ready: always, run });

export class Inbox {
  /** @param {Owner & any} owner */
  constructor(owner) {
    /** @type {Owner} */
    this.owner = owner;
    /** @type {Item[]} */
    this.items = [];
    this.bytes = 0;
    this.overflowed = false;
    /** Newest messages that wait, by author, type and key. @type {Map<string, { frame: any, item: Item }>} */
    this.newest = new Map();
    /** What the page has in its hands: one, and those whose handler takes too long. @type {Set<Item>} */
    this.hands = new Set();
    this.busy = false;
    /** The last that a handler is done with. @type {Place | null} */
    this.handled = null;
    /** The numbers of messages whose handler threw, or had not returned when patience ended. @type {number[]} */
    this.failed = [];
    /** How far the node has been told. */
    this.told = 0;
  }

  /**
   * @param {Place} one
   * @param {Place | null} other
   */
  isAfter(one, other) {
    return !other || seqOf(one) > seqOf(other);
  }

  /** Whether something is in the page's hands, or waits for them. */
  waits() {
    return this.busy || this.items.length > 0;
  }

  /** Whether there is room; where there is none, the node tells it again later. @param {number} bytes */
  takes(bytes) {
    if (this.items.length >= INBOX_MESSAGES || this.bytes + bytes > INBOX_BYTES) this.overflowed = true;
    return !this.overflowed;
  }

  /** @param {Item} item */
  add(item) {
    this.bytes += item.bytes;
    this.items.push(item);
    this.run();
  }

  /** Takes the place of what waits of the same kind. @param {any} frame */
  latest(frame) {
    const { from, data, key } = frame;
    const kind = JSON.stringify([from, data?.type, key]);
    const waiting = this.newest.get(kind);
    if (waiting) {
      waiting.frame = frame;
      return;
    }
    const run = () => {
      const { frame: newest } = /** @type {{ frame: any }} */ (this.newest.get(kind));
      this.newest.delete(kind);
      return this.owner.handOut(newest);
    };
    /** @type {Item} */
    const item = { bytes: 0, at: null, name: "onMessage", ready: () => this.owner.hears("onMessage"), run };
    this.newest.set(kind, { frame, item });
    const [[oldest, { item: dropped }]] = this.newest;
    if (this.newest.size > LATEST_KEPT) {
      this.newest.delete(oldest);
      this.items = this.items.filter((one) => one !== dropped);
    }
    this.add(item);
  }

  /** Runs behind all that waits. @param {() => void} run */
  last(run) {
    this.add(placeless("", () => (run(), true)));
  }

  /**
   * Leaves out what waits, as far as it has a place that goes; what is in hand counts for nothing.
   * @param {(at: Place) => boolean} goes
   */
  drop(goes) {
    const gone = [...this.items, ...this.hands].filter(({ at }) => at && goes(at));
    for (const item of gone) item.at = null;
    this.items = this.items.filter((item) => item.stays || !gone.includes(item));
    this.bytes = this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The next for which there is a handler. @returns {Item | undefined} */
  next() {
    return this.items[0]?.ready() ? this.items[0] : undefined;
  }

  /** Hands out what waits, one after the other, for as long as there is a handler for it. */
  run() {
    for (let item; !this.busy && (item = this.next()); ) {
      // One that passes others says nothing of those.
      if (item !== this.items[0]) item.at = null;
      this.items.splice(this.items.indexOf(item), 1);
      this.bytes -= item.bytes;
      this.busy = true;
      this.hands.add(item);
      const well = item.run();
      if (typeof well !== "boolean") return this.wait(well, item);
      this.busy = false;
      this.done(item, well);
    }
    if (!this.busy && this.overflowed && this.items.length === 0) {
      this.overflowed = false;
      this.owner.hub.line.restart();
    }
  }

  /**
   * @param {Promise<boolean>} pending
   * @param {Item} item
   */
  wait(pending, item) {
    let blocking = true;
    const goOn = () => {
      if (!blocking) return;
      blocking = false;
      clearTimeout(timer);
      this.busy = false;
      this.run();
    };
    const timer = setTimeout(() => {
      console.warn(
        `Goop.realtime: ${item.name} of ${this.owner.words()} has been ` +
          `pending for ${HANDLER_PATIENCE_MS / 1000} s; the next message does not wait for it`,
      );
      // It is not handled yet; but a later one may be, and then it counts as failed.
      this.fails(item.at);
      goOn();
    }, HANDLER_PATIENCE_MS);
    void pending.then((well) => {
      this.done(item, well);
      goOn();
    });
  }

  /** @param {Place | null} at */
  fails(at) {
    if (at && this.isAfter(at, this.handled)) this.failed = [...this.failed, seqOf(at)].slice(-FAILURES_KEPT);
  }

  /**
   * @param {Item} item
   * @param {boolean} well whether its handler returned in good order
   */
  done(item, well) {
    this.hands.delete(item);
    const { at } = item;
    if (!at || !this.isAfter(at, this.handled)) return;
    this.failed = this.failed.filter((seq) => seq !== seqOf(at));
    if (!well) this.fails(at);
    this.handled = at;
    this.owner.hub.acknowledge(this);
  }

  /** How far the handlers are, and what the node does not know yet of those that failed. */
  acknowledgement() {
    if (!this.handled) return null;
    const seq = seqOf(this.handled);
    const failed = this.failed.filter((one) => one > this.told && one <= seq);
    this.told = seq;
    const [epoch, host] = this.handled;
    const place = this.handled.length > 2 ? { epoch, host, seq } : { epoch, seq };
    return { type: "ack", channel: this.owner.id, ...place, ...(failed.length > 0 ? { failed } : {}) };
  }
}
