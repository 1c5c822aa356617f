// SPDX-License-Identifier: MIT
// Where the others are: drawn a moment late, between two places that are known, so that they glide.

/** How late they are drawn, in milliseconds: two places are known then, as a rule. */
export const LATE_MS = 50;
/** How long one goes on as it went when nothing more has come. */
const BEYOND_MS = 80;
const KEPT_MS = 1_000;

export class Track {
  constructor() {
    /** @type {{ x: number, at: number }[]} by when they came */
    this.places = [];
  }

  /** @param {number} x @param {number} at milliseconds */
  add(x, at) {
    this.places.push({ x, at });
    while (this.places.length > 2 && this.places[1].at < at - KEPT_MS) this.places.shift();
  }

  /** The newest that is known. */
  get newest() {
    return this.places[this.places.length - 1]?.x ?? null;
  }

  /**
   * Where to draw it; null before anything is known.
   * @param {number} now
   * @returns {number | null}
   */
  drawn(now) {
    const at = now - LATE_MS;
    const { places } = this;
    if (places.length === 0) return null;
    let next = places.length;
    while (next > 0 && places[next - 1].at > at) next--;
    if (next === 0) return places[0].x;
    const before = places[next - 1];
    const behind = places[next] ?? null;
    if (behind) return before.x + ((behind.x - before.x) * (at - before.at)) / (behind.at - before.at);
    const earlier = places[next - 2];
    if (!earlier || before.at - earlier.at > 4 * LATE_MS) return before.x; // it stood still
    const speed = (before.x - earlier.x) / Math.max(1, before.at - earlier.at);
    return before.x + speed * Math.min(BEYOND_MS, at - before.at);
  }
}
