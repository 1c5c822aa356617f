// SPDX-License-Identifier: MIT
// Small helpers of the Inspector: elements, words, and what is asked of the node.

const API = "/api/realtime/inspector/";

/** The element of that id. @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** What would act on who reads it, or is not seen at all. */
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text of others, as it can be shown: what has no form of its own is written out. @param {string} text */
export const plain = (text) =>
  text.replace(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Make an element. Children that are strings become text, never markup.
 * @param {string} tag
 * @param {Record<string, any>} [props]  properties, or attributes where the name has a dash
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-")) element.setAttribute(name, String(value));
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A name that somebody gave themselves: it turns nothing around it. @param {string} label */
export const named = (label) => make("bdi", {}, plain(label));

/** The end of an id, which tells people of one name apart. @param {string} id */
export const tail = (id) => `…${id.slice(-6)}`;

/**
 * Whoever is meant, with the end of the id.
 * @param {{peerId: string, peerLabel: string}} peer
 */
export const person = (peer) => make("span", {}, named(peer.peerLabel || "somebody"), ` (${tail(peer.peerId)})`);

/** A moment, with milliseconds, in the person's own time. @param {number} ms */
export function moment(ms) {
  const date = new Date(ms);
  const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false };
  const clock = date.toLocaleTimeString(undefined, /** @type {any} */ (parts));
  return make("time", { dateTime: date.toISOString() }, `${date.toLocaleDateString()} ${clock}`);
}

/** "1 entry", "3 entries". @param {number} count @param {string} one @param {string} many */
export const counted = (count, one, many) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** The query of a request, without what is empty. @param {Record<string, string | number>} fields */
function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

/**
 * Ask the node. Rejects with an `Error` in the node's own words, with its `code` and `status`.
 * @param {string} what  one of the Inspector's endpoints
 * @param {Record<string, string | number>} fields
 * @returns {Promise<Response>}
 */
export async function answer(what, fields) {
  const found = await fetch(`${API}${what}?${query(fields)}`, { headers: { Accept: "*/*" } }).catch(() => {
    throw Object.assign(new Error("Your node does not answer. Is it still running?"), { code: "node_unreachable" });
  });
  if (found.ok) return found;
  const said = await found.json().catch(() => ({}));
  const words = said.detail || said.title || `The node answered ${found.status}.`;
  throw Object.assign(new Error(words), { code: said.code, status: found.status });
}

/** The same, as JSON. @param {string} what @param {Record<string, string | number>} fields */
export const ask = async (what, fields) => (await answer(what, fields)).json();

/** What is wrong now, by who says it. @type {Map<string, string>} */
const wrong = new Map();

/** Say in the banner what is wrong, or that it no longer is. @param {string} who @param {string} words */
export function banner(who, words) {
  if (words) wrong.set(who, words);
  else wrong.delete(who);
  const text = [...new Set(wrong.values())].join(" ");
  if ($("banner").textContent !== text) $("banner").textContent = text;
  $("banner").hidden = !text;
}

/**
 * Something that is read again and again while the page is seen: nothing tells that it has changed,
 * and a connection that waits for news would be one of the few that a browser has for this origin.
 * @param {string} who
 * @param {number} everyMs
 * @param {() => Promise<unknown>} read
 */
export function watched(who, everyMs, read) {
  const one = Goop.reading(
    async () => {
      await read();
      banner(who, "");
    },
    (error) => {
      if (!error.code) console.error(error);
      banner(who, error.message);
    },
  );
  setInterval(() => document.hidden || one.again(), everyMs);
  document.addEventListener("visibilitychange", () => document.hidden || one.again());
  void one.again();
  return one;
}
