// SPDX-License-Identifier: MIT
// The clock of a round. The host's counts; the others follow it by what it tells of the time, a little
// late by the way that takes. It never goes back, and whoever becomes host goes on from their own.
import { TICKS } from "./rules.js";

const MS = 1_000 / TICKS;
/** How many of the host's words are looked at: the one that was on its way for the shortest time tells most. */
const WORDS = 20;
/** What is further off is set at once; what is less is made up for by going a little faster or slower. */
const JUMP_MS = 500;
/** So many words in a row. */
const SURE = 3;
const SLEW = 0.1;

export class Clock {
  constructor() {
    /** Since when, in milliseconds of this page, the round has been going on as far as we know; null before. @type {number | null} */
    this.begin = null;
    /** What the host's words say of that. @type {number[]} */
    this.words = [];
    this.last = 0;
    this.asked = 0;
  }

  /** This page has the clock. @param {number} now */
  lead(now) {
    this.words = [];
    this.begin ??= now;
  }

  /** A new host's clock is another one. */
  follow() {
    this.words = [];
  }

  /** A new round. @param {number} now */
  restart(now) {
    this.set(0, now);
  }

  /** What time it is, as far as anybody knows. @param {number} tick @param {number} now */
  set(tick, now) {
    this.begin = now - tick * MS;
    this.words = [];
    this.last = tick;
    this.asked = now;
  }

  /**
   * The host has said what time it is.
   * @param {number} tick
   * @param {number} now
   */
  hear(tick, now) {
    this.words = [...this.words, now - tick * MS].slice(-WORDS);
    this.begin ??= this.words[0];
    const begin = this.begin;
    // One word may have been on its way for long. Several that say so are another round, or a host that stood still.
    const newest = this.words.slice(-SURE);
    if (newest.length < SURE || newest.some((word) => Math.abs(word - begin) <= JUMP_MS)) return;
    this.words = newest;
    this.begin = Math.min(...newest);
  }

  /** The tick that it is, with fractions. @param {number} now */
  at(now) {
    if (this.begin === null) return 0;
    if (this.words.length > 0) {
      const most = Math.max(0, now - this.asked) * SLEW;
      const off = Math.min(...this.words) - this.begin;
      this.begin += Math.max(-most, Math.min(most, off));
    }
    this.asked = now;
    const tick = (now - this.begin) / MS;
    // A jump back of the host is followed; small steps back are waited out.
    if (tick < this.last - JUMP_MS / MS) this.last = tick;
    this.last = Math.max(this.last, tick, 0);
    return this.last;
  }
}
