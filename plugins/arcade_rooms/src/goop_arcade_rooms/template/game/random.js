// SPDX-License-Identifier: MIT
// Chance that is the same at everybody: a number follows from where it is asked for.

/**
 * @param {...number} where  integers
 * @returns {number} at least 0, below 1
 */
export function chance(...where) {
  let mixed = 0x9e3779b9;
  for (const number of where) {
    mixed = Math.imul(mixed ^ number, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
  }
  return (mixed >>> 0) / 2 ** 32;
}

/**
 * One of several.
 * @template T
 * @param {readonly T[]} several
 * @param {...number} where
 * @returns {T}
 */
export const oneOf = (several, ...where) => several[Math.floor(chance(...where) * several.length)];
