// SPDX-License-Identifier: MIT
// Small helpers: elements, names of people, and what is said in the page.

/**
 * The element of that id.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

/**
 * Make an element. String children become text, never markup: names come from other people.
 * @param {string} tag
 * @param {Record<string, any>} props  properties, or attributes where the name has a dash
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, Goop.names.spoken(String(value)));
    else element[name] = value;
  }
  element.append(...children.flatMap((child) => (typeof child === "string" ? Goop.names.pieces(child) : child)));
  return element;
}

/**
 * Have an element say that; names that stand apart in the text are `bdi` elements.
 * @param {Element} element
 * @param {string} text
 */
export const write = (element, text) => element.replaceChildren(...Goop.names.pieces(text));

/** Somebody's name in a sentence; the last characters of the id tell equal names apart. */
export const fullName = ({ peerId, peerLabel }) =>
  `${Goop.names.apart(peerLabel || "Somebody")} (…${String(peerId).slice(-4)})`;

/**
 * Say something for a while in the page's live region.
 * @param {string} text
 * @param {"" | "bad"} [tone]
 */
export function say(text, tone = "") {
  write($("notice"), text);
  $("notice").dataset.tone = tone;
  $("notice").hidden = !text;
}

/** Lines that stay for who reads them again. */
const KEPT = 20;

/** Say what happens in the game to whoever listens instead of looking. @param {string} text */
export function announce(text) {
  $("spoken").append(make("p", {}, text));
  while ($("spoken").childElementCount > KEPT) $("spoken").firstElementChild.remove();
}

/** Whether the person would rather have nothing shake or flicker. */
export const stillness = matchMedia("(prefers-reduced-motion: reduce)");
