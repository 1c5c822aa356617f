// SPDX-License-Identifier: MIT
// "thinking…": who has a hand at the board says so by signals, which nobody keeps or repeats.

/** How often we say so at most, and for how long one such word holds. */
const EVERY_MS = 2000;
const HOLDS_MS = 5000;

export class Thinking {
  #said = 0;
  #fade = undefined;

  /**
   * @param {import("./signals.js").Signals} signals
   * @param {() => void} onChange  the other player began or stopped
   */
  constructor(signals, onChange) {
    this.signals = signals;
    this.onChange = onChange;
    /** Whether the other player has a hand at the board. */
    this.theirs = false;
  }

  /** A signal of the other player has come; those of other things are not for us. */
  signalled(data) {
    if (typeof data?.thinking === "boolean") this.#show(data.thinking);
  }

  /** They are done: a move of theirs has come, or the game has ended. */
  done() {
    this.#show(false);
  }

  #show(on) {
    clearTimeout(this.#fade);
    if (on) this.#fade = setTimeout(() => this.#show(false), HOLDS_MS);
    if (on === this.theirs) return;
    this.theirs = on;
    this.onChange();
  }

  /** Our own hand is at the board, or has left it. @param {boolean} on */
  tell(on) {
    const now = Date.now();
    if (on ? now - this.#said < EVERY_MS : this.#said === 0) return;
    this.#said = on ? now : 0;
    this.signals.tell({ thinking: on });
  }
}
