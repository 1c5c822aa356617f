// SPDX-License-Identifier: MIT
// The ring: two soft notes every three seconds, made here. It can be off, and that is remembered.

const OFF = "goop-call-ring-off";
const EVERY_MS = 3_000;

export class RingTone {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  get off() {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  }

  set off(off) {
    try {
      localStorage.setItem(OFF, off ? "1" : "0");
    } catch {
      // Blocked storage: it rings again next time.
    }
    if (off) this.stop();
  }

  start() {
    if (this.off || this.#timer !== undefined) return;
    this.#play();
    this.#timer = setInterval(() => this.#play(), EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#context?.close();
    this.#context = null;
  }

  #play() {
    const context = (this.#context ??= new AudioContext());
    // Browsers play nothing in a page that nobody has touched yet.
    if (context.state !== "running") return void context.resume().catch(() => {});
    for (const [at, pitch] of [[0, 523], [0.25, 659]]) {
      const note = new OscillatorNode(context, { frequency: pitch });
      const loudness = new GainNode(context, { gain: 0 });
      const start = context.currentTime + at;
      loudness.gain.setTargetAtTime(0.12, start, 0.02);
      loudness.gain.setTargetAtTime(0, start + 0.2, 0.08);
      note.connect(loudness).connect(context.destination);
      note.start(start);
      note.stop(start + 0.9);
    }
  }
}
