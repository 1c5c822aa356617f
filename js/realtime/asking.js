// SPDX-License-Identifier: MIT
// Requests to the node, and the JSON of messages.
import { GoopError, details, report } from "./errors.js";

export const API = "/api/realtime/";

/**
 * POST (with a body) or GET to the node; what fails is a GoopError.
 * @param {string} action
 * @param {object | string} [body] a string is JSON already
 * @returns {Promise<any>}
 */
export async function ask(action, body) {
  /** @type {RequestInit} */
  const init = { method: "GET", credentials: "same-origin", cache: "no-store" };
  if (body) {
    init.method = "POST";
    init.headers = { "Content-Type": "application/json" };
    init.body = typeof body === "string" ? body : json(body);
  }
  /** @type {Response} */
  let response;
  let answer;
  try {
    response = await fetch(API + action, init);
    // One that breaks off in the middle says no more than none.
    answer = await response.json().catch((cause) => {
      if (response.ok && response.status !== 204) throw cause;
      return {};
    });
  } catch (cause) {
    throw new GoopError("node_unreachable", null, { cause });
  }
  if (response.ok) return answer;
  const { code, detail, title } = answer;
  const error = new GoopError(code ?? "http_error", detail ?? title ?? `the node answered ${response.status}`, {
    status: response.status,
    ...details(answer),
  });
  // Whoever writes the page should see it even where the page says nothing.
  if (code === "permission_needed") report(error.message);
  throw error;
}

/**
 * @param {unknown} data
 * @returns {string}
 */
function json(data) {
  let text;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new GoopError("not_serialisable", `this cannot be sent as JSON: ${cause}`, { cause });
  }
  if (text === undefined) {
    throw new GoopError("not_serialisable", `this cannot be sent as JSON: ${typeof data}`);
  }
  return text;
}

/** How deep a node lets objects and arrays be nested, the frame around a message included. */
const MAX_DEPTH = 32;

/**
 * The JSON of a message. Throws what no node would take: it could not even say which message
 * it was that it did not understand.
 * @param {unknown} data
 * @returns {string}
 */
export function messageJson(data) {
  const text = json(data);
  // JSON.stringify writes halves of surrogate pairs as \udXXX; an even number of backslashes
  // before it are characters of the text.
  if (/(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/.test(text)) {
    throw new GoopError("not_serialisable", "a string in it is cut in the middle of a character (lone surrogate)");
  }
  if (/\d{16}/.test(text)) {
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g)) {
      if (/^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token))) {
        throw new GoopError("unsafe_integer", "an integer beyond 2^53 - 1, which others would round; send it as text");
      }
    }
  }
  if ((text.match(/[[{]/g)?.length ?? 0) >= MAX_DEPTH) {
    let depth = 1;
    for (const [mark] of text.replace(/"(?:[^"\\]|\\.)*"/g, "").matchAll(/[[\]{}]/g)) {
      depth += mark === "[" || mark === "{" ? 1 : -1;
      if (depth > MAX_DEPTH) throw new GoopError("too_deep", `nested deeper than ${MAX_DEPTH - 1} levels`);
    }
  }
  return text;
}

const encoder = new TextEncoder();
/** @param {string} text */
export const sizeOf = (text) => encoder.encode(text).length;

/** The id of this document. A reload is a new document; coming back from bfcache is not. */
export const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");
