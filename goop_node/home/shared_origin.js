// SPDX-License-Identifier: MIT
// Where templates share this page's address the node does not take it for home: it says why.

import { $ } from "./dom.js";

/** Whether the node refused because this page counts as no home. */
export const countsAsNoHome = (error) => error.code === "home_only";

/**
 * Say so, and leave out what cannot be done from here.
 * @param {string} words  the node's own
 */
export function showWhy(words) {
  $("shared").textContent = words;
  $("shared").hidden = false;
  for (const element of document.querySelectorAll("[data-home-only]")) {
    /** @type {HTMLElement} */ (element).hidden = true;
  }
}
