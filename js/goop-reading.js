// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/**
 * Goop.reading: something that is read from the node again and again, one reading at a time. What is
 * shown in the end is never older than the last one that was asked for, whatever failed in between.
 */
(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.reading) return;

  /** After which a reading that failed is tried again by itself; twice as long each time, up to the second. */
  const AGAIN_MS = 500;
  const LONGEST_MS = 30_000;

  /**
   * Whether it may well go better the next time: the node is away or in trouble, but refuses nothing.
   * @param {any} error
   */
  const passes = (error) => (error?.status ?? 500) >= 500 || error.status === 429;

  /** @implements {GoopReading} */
  class Reading {
    /** Until the reading that is under way is over. @type {Promise<void> | null} */
    #over = null;
    #asked = false;
    #pause = AGAIN_MS;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    #timer = undefined;

    /**
     * @param {() => unknown} read
     * @param {(error: any) => unknown} failed
     */
    constructor(read, failed) {
      this.read = read;
      this.failed = failed;
    }

    again() {
      this.#asked = true;
      this.#over ||= this.#readAll();
      return this.#over;
    }

    async #readAll() {
      while (this.#asked) {
        this.#asked = false;
        clearTimeout(this.#timer);
        try {
          await this.read();
          this.#pause = AGAIN_MS;
        } catch (error) {
          if (this.failed(error) !== false && passes(error)) this.#later();
        }
      }
      this.#over = null; // in the same moment: whoever asks next begins another
    }

    #later() {
      this.#timer = setTimeout(() => this.again(), this.#pause);
      this.#pause = Math.min(2 * this.#pause, LONGEST_MS);
    }
  }

  root.Goop.reading = (/** @type {any} */ read, /** @type {any} */ failed) => new Reading(read, failed);
})();
