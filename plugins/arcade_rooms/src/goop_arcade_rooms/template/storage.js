// SPDX-License-Identifier: MIT
// What the browser keeps for this page. One that is told to keep nothing throws at the first touch;
// the page goes on without.

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} text */
export function keep(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    // It holds for this visit.
  }
}
