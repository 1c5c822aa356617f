// SPDX-License-Identifier: MIT
// What this side tells the other one during a game that is worth something only now: whether a hand
// is at the board, whether chat is on. Of two signals that wait, only the newer one goes out: so
// each carries everything, and none takes another's place.

export class Signals {
  #now = {};

  constructor() {
    /** The channel of the game, or `null`. @type {any} */
    this.channel = null;
  }

  /** What goes with the next signal. @param {Record<string, boolean|string>} part */
  keep(part) {
    Object.assign(this.#now, part);
  }

  /**
   * Tell this beside what was told before, if the other side can be told anything just now.
   * @param {Record<string, boolean|string>} part
   */
  tell(part) {
    this.keep(part);
    if (this.channel?.state === "connected") this.channel.signal({ ...this.#now });
  }
}
