// SPDX-License-Identifier: MIT
// This page's messages of a room of which all was said. Another host may say otherwise.

/** How many are remembered, the newest. */
const SETTLED_KEPT = 4_096;

export class Settled {
  constructor() {
    /** Where they stand in the log, by id. @type {Map<string, number>} */
    this.places = new Map();
    /** What the node has been asked about again and has not answered. @type {Set<string>} */
    this.asked = new Set();
  }

  /**
   * @param {string} id
   * @param {number} seq
   */
  add(id, seq) {
    this.places.set(id, seq);
    if (this.places.size <= SETTLED_KEPT) return;
    const [oldest] = this.places.keys();
    this.forget(oldest);
  }

  /** @param {string} id */
  forget(id) {
    this.places.delete(id);
    this.asked.delete(id);
  }

  /**
   * Those that stand above a number are in question, and those that were and of which nothing was said.
   * @param {number} seq
   * @returns {string[]}
   */
  question(seq) {
    for (const [id, at] of this.places) if (at > seq) this.asked.add(id);
    return [...this.asked];
  }

  /**
   * @param {any} frame `receipt` or `refused`
   * @returns {string | null} the code where it is not in the log any more
   */
  answer({ type, id, stage, code, seq }) {
    if (!this.places.has(id)) return null;
    this.asked.delete(id);
    const fate = type === "receipt" && stage !== "lost" ? null : (code ?? "lost");
    if (fate) this.forget(id);
    // Without a number it waits for one again, or stands below all that the node has.
    else this.places.set(id, seq ?? (stage === "accepted" ? Infinity : 0));
    return fate;
  }
}
