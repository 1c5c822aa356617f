// SPDX-License-Identifier: MIT

/**
 * Make an element. String children become text, never markup: names come from other people.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} props  properties, or attributes where the name has a dash or is "role"
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, String(value));
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children);
  return element;
}

/**
 * A button of the call.
 * @param {string} words
 * @param {() => unknown} onClick
 * @param {Record<string, any>} [props]
 */
export function button(words, onClick, props = {}) {
  const made = make("button", { type: "button", ...props }, words);
  made.addEventListener("click", () => void onClick());
  return made;
}

/**
 * Somebody's name, set apart: it may be in any script.
 * @param {{ peerId: string, peerLabel: string }} person
 */
export const nameTag = ({ peerId, peerLabel }) =>
  make("span", { className: "name" }, make("bdi", {}, peerLabel || "Somebody"), ` (…${peerId.slice(-4)})`);
