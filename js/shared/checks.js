// SPDX-License-Identifier: MIT
// What a page passes and assigns is checked where it does: a slip is told at once, in words.

/** @typedef {[fits: (value: any) => boolean, expected: string]} Kind */
/** @typedef {Readonly<Record<string, Kind>>} Kinds the options of one method */

const LONGEST_MS = 24 * 3600 * 1000;

/** @type {Kind} */
const TEXT = [(value) => typeof value === "string", "a string"];
/** @type {Kind} */
const NAME = [(value) => typeof value === "string" && value !== "", "a string that is not empty"];
/** @type {Kind} */
const MILLISECONDS = [
  (value) => typeof value === "number" && value > 0 && value <= LONGEST_MS,
  `a number of milliseconds, above 0 and at most ${LONGEST_MS}`,
];
/** @type {Kind} */
const BOOLEAN = [(value) => typeof value === "boolean", "true or false"];
/** @type {Kind} */
const SIGNAL = [
  (value) => typeof value?.aborted === "boolean" && typeof value.addEventListener === "function",
  "an AbortSignal",
];
/** @type {Kind} */
const HANDLER = [(value) => typeof value === "function", "a function"];

/** @type {Kind} */
const ROOM_NAME = [
  (value) => typeof value === "string" && /^[\w.~-]{1,128}$/.test(value),
  "1 to 128 of letters, digits, _ . ~ -",
];

export const KINDS = { TEXT, NAME, BOOLEAN, HANDLER, ROOM_NAME };

/** @type {Kinds} */
export const CONNECT = {
  context: TEXT,
  params: [() => true, "anything"],
  timeout: MILLISECONDS,
  signal: SIGNAL,
  since: [(value) => value === "start", '"start"'],
  new: BOOLEAN,
  unopened: BOOLEAN,
};

/** @type {Kinds} */
export const SEND = { timeout: MILLISECONDS };

/** @type {Kinds} */
export const ROOM = {
  maxPeers: [(value) => Number.isInteger(value) && value >= 2 && value <= 64, "an integer from 2 to 64"],
  key: NAME,
  listed: BOOLEAN,
  context: TEXT,
};

/** @type {Kinds} */
export const PEER_CALLBACKS = { onSnapshot: HANDLER, onUpdate: HANDLER, onRemove: HANDLER, onError: HANDLER };

/** @param {unknown} value */
function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/**
 * Throws where a value is not what it has to be.
 * @param {string} what
 * @param {unknown} value
 * @param {Kind} kind
 */
export function check(what, value, [fits, expected]) {
  if (!fits(value)) throw new TypeError(`${what}: expected ${expected}, found ${shown(value)}`);
}

/**
 * Throws where options are none, have an unknown name, or a value of another kind. One that is
 * `undefined` or `null` is left out.
 * @param {string} where
 * @param {any} options
 * @param {Kinds} kinds
 */
export function checkOptions(where, options, kinds) {
  if (options === undefined || options === null) return;
  if (typeof options !== "object" || Array.isArray(options)) {
    throw new TypeError(`${where}: expected options in an object, found ${shown(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, name)) {
      const meant = nearest(name, Object.keys(kinds));
      const hint = meant ? `did you mean "${meant}"?` : `there is ${Object.keys(kinds).join(", ")}`;
      throw new TypeError(`${where}: unknown option "${name}"; ${hint}`);
    }
    if (value !== undefined && value !== null) check(`${where}: ${name}`, value, kinds[name]);
  }
}

/**
 * A handler that may be assigned: a function, or `null` for none.
 * @template T
 * @param {string} name
 * @param {T} handler
 * @returns {T}
 */
export function checkHandler(name, handler) {
  if (handler !== undefined && handler !== null) check(name, handler, HANDLER);
  return handler;
}

/** How far a slip of the keyboard goes. */
const SLIPS = 2;

/**
 * The name that was meant.
 * @param {string} name
 * @param {string[]} known
 * @returns {string | undefined}
 */
export function nearest(name, known) {
  const ranked = known.map((other) => ({ other, far: distance(name.toLowerCase(), other.toLowerCase()) }));
  ranked.sort((one, two) => one.far - two.far);
  return ranked[0]?.far <= SLIPS ? ranked[0].other : undefined;
}

/**
 * How many letters have to be put in, taken out or changed.
 * @param {string} one
 * @param {string} two
 */
function distance(one, two) {
  let row = Array.from({ length: two.length + 1 }, (_, n) => n);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= two.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === two[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[two.length];
}

/**
 * A prototype for what has handlers: a handler assigned under a name that it does not have is
 * named in the console. Whatever a page keeps there otherwise is its own.
 * @param {string} where
 * @param {string[]} handlers
 * @param {object} [base]  what it has and inherits
 * @returns {object}
 */
export function namesHandlers(where, handlers, base = Object.prototype) {
  return new Proxy(Object.create(base), {
    set(target, name, value, receiver) {
      if (name in target) return Reflect.set(target, name, value, receiver);
      if (typeof name === "string" && typeof value === "function") {
        const meant = nearest(name, handlers);
        if (meant || name.startsWith("on")) {
          const hint = meant ? `did you mean ${meant}?` : `there is ${handlers.join(", ")}`;
          console.warn(`Goop.realtime: nothing calls ${where}.${name}; ${hint}`);
        }
      }
      return Reflect.defineProperty(receiver, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}
