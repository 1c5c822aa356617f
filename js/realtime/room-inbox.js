// SPDX-License-Identifier: MIT
// What is told of one room and waits for the page: messages and members, in the log's order.
import { report } from "./errors.js";
import { Inbox, always, seqOf } from "./inbox.js";
import { Seen } from "./seen.js";

/**
 * @import { Item, Place } from "./inbox.js"
 * @import { RoomConduit } from "./room-conduit.js"
 */

/** The last number under one host: `[number, host, last]`. @typedef {[number, string, number]} Run */

/** So many runs say where a page is; of older ones a node knows no more either. */
const RUNS_KEPT = 256;

export class RoomInbox extends Inbox {
  /** @param {RoomConduit} room */
  constructor(room) {
    super(room);
    this.room = room;
    /** How far this page has been told; nothing before it has a place at all. @type {Run[] | null} */
    this.after = null;
    this.seen = new Seen();
  }

  get lastSeq() {
    return this.after?.[this.after.length - 1]?.[2] ?? 0;
  }

  /** @returns {Place | null} */
  get place() {
    const run = this.after?.[this.after.length - 1];
    return run ? [...run] : null;
  }

  /** Where nobody handles messages, members do not wait behind them. @override */
  next() {
    return this.items.find((item) => item.ready());
  }

  /** Something comes before all that waits. @param {Item[]} items */
  first(items) {
    this.items.unshift(...items);
  }

  /** @param {any} frame @returns {Place} */
  move({ epoch, host, seq }) {
    const runs = (this.after ??= []);
    const run = runs[runs.length - 1];
    if (run && run[0] === epoch && run[1] === host) run[2] = seq;
    else runs.push([epoch, host, seq]);
    if (runs.length > RUNS_KEPT) runs.shift();
    return [epoch, host, seq];
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  receive(frame, bytes) {
    if (frame.seq <= this.lastSeq || !this.takes(bytes)) return;
    const at = this.move(frame);
    const name = "onMessage";
    // Another host has given it another place.
    if (this.seen.has(frame.id)) return this.add({ bytes: 0, at, name, ready: always, run: always });
    const run = () => {
      this.seen.add(frame.id);
      return this.room.handOut(frame);
    };
    this.add({ bytes, at, name, ready: () => this.room.hears(name), run });
  }

  /** @param {any} frame */
  member(frame) {
    if (frame.seq <= this.lastSeq || !this.takes(0)) return;
    const at = this.move(frame);
    const joins = frame.kind === "join";
    const run = () => (joins ? this.room.comes(frame.peer) : this.room.goes(frame.peer));
    this.add({ bytes: 0, at, name: joins ? "onMemberJoin" : "onMemberLeave", ready: always, run });
  }

  /** What a `room` frame says of the place where this page is. @param {any} frame */
  begins({ members, runs }) {
    if (this.overflowed) return; // said again when the rest is
    // A page that has had nothing yet has its place all the same, for a cut may come before anything else.
    if (!this.after && runs?.length > 0) this.after = runs;
    this.tell("", null, () => true, members);
  }

  /**
   * Another host's log goes on below what stood in the log; that may be this page's own messages alone.
   * @param {any} frame
   */
  rewound({ to, runs, members }) {
    if (this.overflowed) return;
    if (to < this.lastSeq) {
      const from = this.place;
      this.cut(to, runs);
      const rewound = { from, to: this.place };
      this.tell("onRewound", null, () => this.room.emit("onRewound", rewound), members);
    }
    this.room.question(to);
  }

  /** @param {any} frame */
  gap({ from, to, runs, members }) {
    if (this.overflowed) return;
    const fork = from ? seqOf(from) : 0;
    if (fork < this.lastSeq) this.cut(fork, null);
    const gap = { from: this.place, to };
    this.after = runs ?? [[...to]];
    const told = () => {
      if (!this.room.hears("onGap")) report(`${this.room.words()}: messages are gone`, gap);
      return this.room.emit("onGap", gap);
    };
    this.tell("onGap", to, told, members);
    this.room.question(0);
  }

  /**
   * In its turn, first who has come and gone up to there.
   * @param {string} name
   * @param {Place | null} at
   * @param {() => boolean | Promise<boolean>} told
   * @param {GoopMember[]} members
   */
  tell(name, at, told, members) {
    /** @type {Item} */
    const item = { bytes: 0, at, name, ready: always, stays: true, run: () => true };
    item.run = () => {
      this.first([...this.room.changes(members), { ...item, run: told }]);
      item.at = null;
      return true;
    };
    this.add(item);
  }

  /**
   * Forgets what stands above a number.
   * @param {number} seq
   * @param {Run[] | null | undefined} runs  those up to there
   */
  cut(seq, runs) {
    this.after = runs ?? (this.after ?? []).filter(([, , last]) => last <= seq);
    this.drop((at) => seqOf(at) > seq);
    this.failed = this.failed.filter((one) => one <= seq);
    this.told = Math.min(this.told, seq);
    if (this.handled && seqOf(this.handled) > seq) this.handled = this.place;
  }
}
