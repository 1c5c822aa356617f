// SPDX-License-Identifier: MIT
// One thing after the other, until it is over.

export class Turns {
  /** @type {Promise<void>} when all turns so far are over */
  #last = Promise.resolve();
  /** What a browser has begun when a connection is closed never ends: nobody waits for it. */
  #end = () => {};
  /** @type {Promise<void>} */
  #ended = new Promise((resolve) => (this.#end = resolve));
  over = false;

  /**
   * Do it when it is its turn. What the end overtakes is dropped, with whatever it says.
   * @param {() => Promise<unknown>} task
   */
  take(task) {
    const turn = this.#last.then(async () => {
      if (this.over) return;
      try {
        await Promise.race([task(), this.#ended]);
      } catch (error) {
        if (!this.over) throw error;
      }
    });
    this.#last = turn.catch(() => {}); // whoever asked for it is told
    return turn;
  }

  end() {
    this.over = true;
    this.#end();
  }
}
