// SPDX-License-Identifier: MIT
// What the browser keeps for this page from one visit to the next. A browser that is told to keep
// nothing throws at the first touch; the page goes on without, and says so where it matters.

/** What was chosen, for this visit. @type {Map<string, string>} */
const chosen = new Map();

/**
 * What was kept under a name, or `null`.
 * @param {string} name
 * @returns {string | null}
 */
export function recall(name) {
  try {
    return chosen.get(name) ?? localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * Hear of what another tab of this browser keeps.
 * @param {string[]} names
 * @param {() => void} listener
 */
export function onKept(names, listener) {
  addEventListener("storage", ({ key, newValue }) => {
    if (!key || !names.includes(key) || newValue === null) return;
    chosen.set(key, newValue);
    listener();
  });
}

/**
 * Keep a text. Where it holds for this visit only, the answer says why, for the person; else it
 * is "".
 * @param {string} name
 * @param {string} text
 */
export function keep(name, text) {
  chosen.set(name, text);
  try {
    localStorage.setItem(name, text);
    return "";
  } catch {
    return "Your browser keeps nothing for this page (cookies and site data are blocked), so this choice holds until you leave it.";
  }
}
