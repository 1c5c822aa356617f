// SPDX-License-Identifier: MIT
// Something that is read from the node again and again: one reading at a time, and what is shown in
// the end is never older than the last one that was asked for, whatever failed in between.

/** After which a reading that failed is tried again by itself; twice as long each time, up to the second. */
const AGAIN_MS = 500;
const LONGEST_MS = 30_000;

/** Whether it may well go better the next time: the node is away or in trouble, but refuses nothing. */
const passes = ({ status = 500 }) => status >= 500 || status === 429;

export class Reading {
  #read;
  #failed;
  /** Until the reading that is under way is over. @type {Promise<void>|null} */
  #over = null;
  #asked = false;
  #pause = AGAIN_MS;
  #timer = undefined;

  /**
   * @param {() => Promise<any>} read   reads it, and shows it
   * @param {(error: any) => boolean} failed  takes what went wrong; whether it is still worth trying
   */
  constructor(read, failed) {
    this.#read = read;
    this.#failed = failed;
  }

  /** Read it again. Calls that come meanwhile share one more reading. Resolves when that is over. */
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
        await this.#read();
        this.#pause = AGAIN_MS;
      } catch (error) {
        if (this.#failed(error) && passes(error)) this.#later();
      }
    }
    this.#over = null; // in the same moment: whoever asks next begins another
  }

  #later() {
    this.#timer = setTimeout(() => this.again(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_MS);
  }
}
