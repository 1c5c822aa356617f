// SPDX-License-Identifier: MIT
// Which messages have been handed out, by their ids.

/** Pages of others that are remembered, and ranges of numbers of each. */
const PAGES_KEPT = 4_096;
const RANGES_KEPT = 1_000;

/**
 * A page counts its messages (`PAGE-COUNTER`), so what is known of it are ranges of numbers.
 * @param {string} id
 * @returns {[page: string, number: number]}
 */
function parted(id) {
  const at = id.lastIndexOf("-");
  const number = Number(id.slice(at + 1));
  return at > 0 && Number.isSafeInteger(number) && number >= 0 ? [id.slice(0, at), number] : [id, 0];
}

export class Seen {
  constructor() {
    /** By page, the one heard of last at the end; ranges are disjoint and ascend. @type {Map<string, [number, number][]>} */
    this.pages = new Map();
  }

  /** @param {string} id */
  has(id) {
    const [page, number] = parted(id);
    const ranges = this.pages.get(page);
    return ranges !== undefined && ranges.some(([first, last]) => first <= number && number <= last);
  }

  /** @param {string} id */
  add(id) {
    const [page, number] = parted(id);
    const ranges = this.pages.get(page) ?? [];
    this.pages.delete(page);
    this.pages.set(page, ranges);
    if (this.pages.size > PAGES_KEPT) this.pages.delete(/** @type {any} */ (this.pages.keys().next().value));
    insert(ranges, number);
    // What lies between the two lowest comes too late for any log.
    if (ranges.length > RANGES_KEPT) ranges.splice(0, 2, [ranges[0][0], ranges[1][1]]);
  }
}

/**
 * @param {[number, number][]} ranges
 * @param {number} number
 */
function insert(ranges, number) {
  let at = ranges.length;
  while (at > 0 && ranges[at - 1][0] > number) at--;
  const [before, behind] = [ranges[at - 1], ranges[at]];
  if (before && number <= before[1]) return;
  const follows = before?.[1] === number - 1;
  const precedes = behind?.[0] === number + 1;
  if (follows && precedes) {
    before[1] = behind[1];
    ranges.splice(at, 1);
  } else if (follows) before[1] = number;
  else if (precedes) behind[0] = number;
  else ranges.splice(at, 0, [number, number]);
}
