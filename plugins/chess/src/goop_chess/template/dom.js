// SPDX-License-Identifier: MIT
// Small helpers: elements, names of people, and calls to the node.

/**
 * The element of that id.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

/** Whether the keyboard is nowhere: what comes later than the person's own doing may lead it somewhere then. */
export function nobodyHasFocus() {
  const holder = document.activeElement;
  return !holder || holder === document.body || !holder.checkVisibility();
}

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
 * Have a list hold these items, in this order. What is there already is not touched: a press that has
 * begun on it, and the focus, live on.
 * @param {Element} list
 * @param {Element[]} items
 */
export function place(list, items) {
  const stay = new Set(items);
  for (const child of [...list.children]) if (!stay.has(child)) child.remove();
  items.forEach((item, at) => list.children[at] === item || list.insertBefore(item, list.children[at] ?? null));
}

/** No line ends in it. */
const tail = (peerId) => `(…\u2060${String(peerId).slice(-4)})`;

/**
 * Have an element say that, unless it does: nobody hears it twice. Names that stand apart in the text
 * are `bdi` elements.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== Goop.names.spoken(text)) element.replaceChildren(...Goop.names.pieces(text));
}

/**
 * "Alice (…k7Qp)": the last four characters of the id tell equal names apart. The name stands
 * between isolates, so that one that is written from right to left turns nothing around it.
 * @param {string} label
 * @param {string} peerId
 */
export const fullName = (label, peerId) => `${Goop.names.apart(label || "Somebody")} ${tail(peerId)}`;

/**
 * The same as an element.
 * @param {string} label
 * @param {string} peerId
 */
export const personTag = (label, peerId) => make("span", {}, make("bdi", {}, label || "Somebody"), ` ${tail(peerId)}`);

/** What is wrong where no answer comes. */
export const noAnswer = () => Object.assign(new Error("Your node does not answer. Is it still running?"), { code: "node_unreachable" });

/**
 * Call the plugin's API. Resolves with the JSON answer; rejects with an `Error` that says
 * the node's own words and carries its stable `code` and, where it answered, the HTTP `status`.
 * @param {string} path  below /api/chess
 * @param {RequestInit} [options]
 */
export async function api(path, options) {
  const away = () => {
    throw noAnswer();
  };
  const answer = await fetch(`/api/chess${path}`, options).catch(away);
  if (answer.ok) return answer.json().catch(away); // it broke off in the middle
  const json = await answer.json().catch(() => null);
  throw Object.assign(new Error(json?.detail || `The node answered ${answer.status}.`), {
    code: json?.code || `http_${answer.status}`,
    status: answer.status,
  });
}

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
