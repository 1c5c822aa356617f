// SPDX-License-Identifier: MIT
// How fast a channel's messages leave: a little below what its node takes of one person.

/** @type {{ readonly rate: number, readonly burst: number }} what a node takes unless it says otherwise */
export const USUAL_PACE = { rate: 240, burst: 480 };
/** What we stay below the node's bucket by: clocks differ a little, and messages bunch on their way. */
const RATE_MARGIN = 0.95;
const BURST_MARGIN = 0.75;
/** How long is waited after the node found us too fast, for instance beside another tab. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2_000;

/** A token bucket like the node's. Times are in milliseconds, of a clock that never goes back. */
export class Pace {
  constructor() {
    /** Tokens a millisecond, and how many there may be. */
    this.rate = this.burst = 0;
    this.limit(USUAL_PACE);
    this.tokens = this.burst;
    this.at = 0;
    /** Nothing leaves before. */
    this.until = 0;
    this.pause = FIRST_PAUSE_MS;
  }

  /** @param {{ readonly rate: number, readonly burst: number }} limits what the node takes */
  limit({ rate, burst }) {
    this.rate = (rate * RATE_MARGIN) / 1_000;
    this.burst = Math.max(1, burst * BURST_MARGIN);
  }

  /** @param {number} now */
  refill(now) {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.rate);
    this.at = now;
  }

  /**
   * Takes a token, if there is one.
   * @param {number} now
   */
  take(now) {
    this.refill(now);
    if (now < this.until || this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /**
   * How long until there is a token.
   * @param {number} now
   */
  wait(now) {
    this.refill(now);
    return Math.max(this.until - now, (1 - this.tokens) / this.rate, 0);
  }

  /**
   * The node found it too fast all the same: others send on this channel, too.
   * @param {number} now
   */
  tooFast(now) {
    if (now < this.until) return; // said of what had left before
    this.tokens = Math.min(this.tokens, 1);
    this.until = now + this.pause;
    this.pause = Math.min(2 * this.pause, LAST_PAUSE_MS);
  }

  /** The node has taken something. */
  taken() {
    this.pause = FIRST_PAUSE_MS;
  }
}
