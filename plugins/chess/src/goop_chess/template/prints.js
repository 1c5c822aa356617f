// SPDX-License-Identifier: MIT
// Fingerprints of people, to compare with what they see at their own home before the first game.

import { make } from "./dom.js";

/** peer id → fingerprint, as the node tells it. @type {Map<string, string>} */
const known = new Map();

/** Take in what the node tells of peers. @param {readonly GoopPeer[]} rows */
export function learnPrints(rows) {
  for (const row of rows) known.set(row.peerId, row.fingerprint);
  for (const place of document.querySelectorAll("[data-print]")) fill(place);
}

/** @param {Element} place */
function fill(place) {
  const print = known.get(place.getAttribute("data-print") || "");
  place.textContent = print ? `Fingerprint ${print}` : "";
}

/**
 * The fingerprint of somebody as a line; it fills itself in as soon as it is known.
 * @param {string} peerId
 */
export function printOf(peerId) {
  const place = make("span", { className: "print", "data-print": peerId });
  fill(place);
  return place;
}
