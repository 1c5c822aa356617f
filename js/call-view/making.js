// SPDX-License-Identifier: MIT
// The elements that a call is shown with.
import { icon } from "./icons.js";

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
 * @param {string | (Node | string)[]} words
 * @param {() => unknown} onClick
 * @param {Record<string, any>} [props]
 */
export function button(words, onClick, props = {}) {
  const made = make("button", { type: "button", ...props }, ...[words].flat());
  made.addEventListener("click", () => void onClick());
  return made;
}

/**
 * What a button with a sign shows: where there is little room, the words are read out only.
 * @param {Parameters<typeof icon>[0]} sign
 * @param {string} words
 */
export const signed = (sign, words) => [icon(sign), make("span", { className: "words" }, words)];

/**
 * Somebody's name, set apart: it may be in any script.
 * @param {{ peerId: string, peerLabel: string }} person
 */
export const nameTag = ({ peerId, peerLabel }) =>
  make("span", { className: "name" }, make("bdi", {}, peerLabel || "Somebody"), ` (…${peerId.slice(-4)})`);
