// SPDX-License-Identifier: MIT
// The banner: what is wrong now, for as long as it is.

import { $ } from "./dom.js";

/** What is wrong, in words, by who says it. @type {Map<string, string>} */
const said = new Map();

/**
 * Say what is wrong, or that it no longer is.
 * @param {string} who  says it
 * @param {string} words  "" for nothing
 */
export function banner(who, words) {
  if (words) said.set(who, words);
  else said.delete(who);
  const text = [...new Set(said.values())].join(" ");
  if ($("banner").textContent !== text) $("banner").textContent = text; // it is read aloud
  $("banner").hidden = !text;
}
