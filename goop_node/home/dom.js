// SPDX-License-Identifier: MIT
// Small helpers that every script of the node's own pages shares.

/**
 * The element of that id.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

/**
 * Whether the keyboard is nowhere, or where it was left when what had it went: what comes later than
 * the person's own doing may lead it somewhere then.
 */
export function nobodyHasFocus() {
  const holder = document.activeElement;
  return !holder || holder === document.body || holder.id === "main" || !holder.checkVisibility();
}

/**
 * Make an element. Children that are strings become text, never markup: labels and
 * reasons come from other people.
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

/**
 * The last four characters of a peer id: what tells two people of the same name apart. No line ends in it.
 * @param {string} peerId
 */
export const fingerprint = (peerId) => `…\u2060${String(peerId || "").slice(-4)}`;

/**
 * "Alice (…k7Qp)".
 * @param {string} label
 * @param {string} peerId
 */
export const fullName = (label, peerId) => `${Goop.names.apart(label || "Somebody")} (${fingerprint(peerId)})`;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * The characters of a text as people count them: an emoji of seven code points is one.
 * @param {string} text
 */
export const characters = (text) => Array.from(graphemes.segment(text), (one) => one.segment);

/**
 * Put a person's initial and a colour of their own into an avatar element.
 * @param {HTMLElement} element
 * @param {string} label
 * @param {string} peerId
 */
export function paintAvatar(element, label, peerId) {
  let hue = 0;
  for (const char of String(peerId)) hue = (hue * 31 + char.charCodeAt(0)) % 360;
  element.textContent = (characters(label.trim())[0] || "?").toUpperCase();
  element.style.setProperty("--hue", String(hue));
}

/** The value of a JSON text, or null where it is none. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Call the node. Resolves with the JSON answer; rejects with an `Error` whose message is
 * the node's own words, with its stable `code` and, where it answered, the HTTP `status`.
 * @param {string} path
 * @param {any} [body]  given: POST it as JSON, a `Blob` as it is
 */
export async function call(path, body) {
  const options = { headers: { Accept: "application/json" } };
  if (body !== undefined) {
    const whole = body instanceof Blob;
    Object.assign(options, { method: "POST", body: whole ? body : JSON.stringify(body) });
    options.headers["Content-Type"] = whole ? "application/octet-stream" : "application/json";
  }
  const away = () => {
    throw Object.assign(new Error("Your node does not answer. Is it still running?"), {
      code: "node_unreachable",
    });
  };
  const answer = await fetch(path, options).catch(away);
  const text = await answer.text().catch(away); // it broke off in the middle
  const json = parsed(text);
  if (answer.ok) return json;
  const words = json?.detail || json?.title || `The node answered ${answer.status}.`;
  throw Object.assign(new Error(words), { code: json?.code || `http_${answer.status}`, status: answer.status });
}

/**
 * Show a message in a note element.
 * @param {HTMLElement} element
 * @param {string} text
 * @param {"" | "good" | "bad" | "busy"} [tone]
 */
export function note(element, text, tone = "") {
  write(element, text);
  element.dataset.tone = tone;
}
