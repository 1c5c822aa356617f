// SPDX-License-Identifier: MIT
// The steps of one log, asked for in portions and remembered for a while.

import { ask } from "./parts.js";

const COUNT = 60;
const BEFORE = 20;
/** Steps that are remembered at most; then all are forgotten. */
const MOST = 2_000;

/**
 * What is known of a state: the state itself, or only its size, or nothing.
 * @typedef {{ state?: unknown, stateBytes?: number } | null} Known
 */

/** One entry with the states around it. @typedef {{ entry: any, before: Known, state: Known }} Step */

/** @param {any} told @returns {Known} */
const known = (told) => ("state" in told || "stateBytes" in told ? told : null);

export class Portions {
  /** By number. @type {Map<number, Step>} */
  #steps = new Map();

  /** @param {string} id  of a channel, or a room's handle */
  constructor(id) {
    this.id = id;
    /** What the last answer said of the whole log. @type {any} */
    this.about = null;
  }

  /**
   * The step of that number. The number in front of the first entry is the beginning: a step without
   * an entry. Where it is gone, or not there yet, the nearest one.
   * @param {number} seq
   * @returns {Promise<Step & { seq: number }>}
   */
  async step(seq) {
    if (!this.#steps.has(seq)) await this.#read(seq);
    const numbers = [...this.#steps.keys()];
    const nearest = numbers.reduce((best, one) => (Math.abs(one - seq) < Math.abs(best - seq) ? one : best));
    return { seq: nearest, .../** @type {Step} */ (this.#steps.get(nearest)) };
  }

  /** Forget them: the log has grown or ended, or its plugin was mended. */
  again() {
    this.#steps.clear();
    this.about = null;
  }

  async #read(seq) {
    await this.#portion(Math.max(0, seq - BEFORE));
    // Where states are large an answer ends early.
    if (!this.#steps.has(seq) && seq > this.about.start.seq && seq <= this.about.last.seq) await this.#portion(seq);
  }

  async #portion(at) {
    const told = await ask("replay", { channel: this.id, at, count: COUNT });
    if (this.#steps.size > MOST) this.#steps.clear();
    this.about = told;
    let state = known(told.before);
    const first = told.steps.length ? told.steps[0].seq : told.last.seq + 1;
    if (first === told.start.seq + 1) this.#steps.set(told.start.seq, { entry: null, before: null, state });
    let stopped = state === null;
    for (const entry of told.steps) {
      const before = state;
      stopped ||= Boolean(entry.refusal);
      state = stopped ? null : known(entry) ?? state;
      this.#steps.set(entry.seq, { entry, before, state });
    }
    if (!told.steps.length) this.#steps.set(told.last.seq, { entry: null, before: null, state });
  }
}
