// SPDX-License-Identifier: MIT
// What home knows of one person: the fingerprint to compare, where they are, what went wrong, and
// what can be opened with them.

import { playable } from "./contexts.js";
import { make } from "./dom.js";
import { relation } from "./reach.js";
import { titleOf } from "./templates.js";

/** Whether there is something to open with somebody. */
export const canPlay = () => playable().length > 0;

/**
 * Links that open each template with the person chosen.
 * @param {string} peerId
 */
export function playLinks(peerId) {
  return playable().map((template) => {
    const url = new URL(template.url, location.href);
    url.searchParams.set("peer", peerId);
    return make("a", { className: "button", href: url.href, "data-key": `${peerId}-in-${template.name}` }, titleOf(template));
  });
}

/**
 * The fingerprint of somebody; `showPrints` fills it in.
 * @param {string} peerId
 */
export const printLine = (peerId) =>
  make("p", { className: "print-line" }, "Fingerprint ", make("span", { "data-print": peerId }, "…"));

/** Fill in the fingerprints that have become known. */
export function showPrints() {
  for (const place of document.querySelectorAll("[data-print]")) {
    const print = relation(place.getAttribute("data-print") || "").fingerprint;
    if (print && place.textContent !== print) place.textContent = print;
  }
}

/** "192.168.1.7, port 4001"; what has another form stays as it is. @param {string} address */
function inWords(address) {
  const found = /^\/(?:ip[46]|dns[46]?|dnsaddr)\/([^/]+)(?:\/tcp\/(\d+))?$/.exec(address);
  if (!found) return address;
  return found[2] ? `${found[1]}, port ${found[2]}` : found[1];
}

/**
 * Where they are, and why they could not be reached.
 * @param {string} peerId
 */
export function facts(peerId) {
  const { addresses, trouble } = relation(peerId);
  const rows = [
    ["Fingerprint", relation(peerId).fingerprint],
    [addresses.length > 1 ? "Addresses" : "Address", addresses.map(inWords).join("; ") || "not known"],
    ["Last attempt", trouble],
  ];
  return make(
    "dl",
    { className: "facts" },
    ...rows
      .filter(([, value]) => value)
      .flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, value)]),
  );
}
