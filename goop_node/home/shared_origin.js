// SPDX-License-Identifier: MIT
// Where templates share this page's address the node does not take it for home: it says why.

import { $ } from "./dom.js";

/** Whether the node refused because this page counts as no home. */
export const countsAsNoHome = (error) => error.code === "home_only";

/**
 * Say so, and leave out what cannot be done from here (home.css).
 * @param {string} words  the node's own
 */
export function showWhy(words) {
  $("shared").textContent = words;
  $("shared").hidden = false;
  document.documentElement.dataset.shared = "";
}
