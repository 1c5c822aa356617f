// SPDX-License-Identifier: MIT
// Errors, promises that may be ignored, and handlers of the page.

/** @type {Record<string, string>} What a code means, where the node sent no words. */
const WORDS = {
  aborted: "the request was withdrawn",
  blocked: "you have blocked this person",
  busy: "the other side has too many open requests or channels",
  closed: "the channel is closed",
  contract_mismatch: "the two nodes have different versions of this context",
  declined: "the other side declined",
  diverged: "the two nodes disagree about this channel, so it was ended",
  full: "the room is full",
  expired: "nobody came back to this channel in time",
  left: "the room was left",
  lost: "the node knows nothing of it any more; whether it arrived is unknown",
  node_unreachable: "this page cannot reach its own node; is it running?",
  not_friend: "only friends may reach this node",
  outbox_full: "too much is waiting to be sent; wait for onDrain",
  permission_needed: "the person has not granted this at home",
  refused: "the other node refused",
  timeout: "nobody answered in time",
  not_connected: "it cannot leave just now",
  too_fast: "too many at once",
  too_large: "the message is too large",
  too_many_tabs: "too many tabs of this site are open, and something keeps WebSockets from it: close some",
  undiscovered: "this node has not discovered that peer",
  unknown_context: "no plugin of this node knows that context",
  unknown_context_there: "no plugin of the other node knows that context",
  unreachable: "the other node cannot be reached",
  unsupported: "the other side cannot tell",
};

export class GoopError extends Error {
  /**
   * @param {string} code stable, for programs
   * @param {string | null} [message] for people
   * @param {object} [more] `pointer`, `status`, `id`, `channelId`
   */
  constructor(code, message, more = {}) {
    super(message || WORDS[code] || code);
    this.code = code;
    Object.assign(this, more);
  }
}
GoopError.prototype.name = "GoopError";

/**
 * What of a refusal goes into its error, beside code and words.
 * @param {any} told a frame, or the body of an answer
 * @returns {object}
 */
export function details(told) {
  const known = ["pointer", "permission", "home"].filter((key) => told[key]);
  return Object.fromEntries(known.map((key) => [key, told[key]]));
}

/** @param {...unknown} what */
export const report = (...what) => console.error("Goop.realtime:", ...what);

/** A promise that knows whether anybody waits for it, and that may be ignored. */
class Outcome extends Promise {
  watched = false;
  /** @override */
  static get [Symbol.species]() {
    return Promise;
  }
  /**
   * @override
   * @param {any} [onFulfilled]
   * @param {any} [onRejected]
   * @returns {any}
   */
  then(onFulfilled, onRejected) {
    this.watched = true;
    return super.then(onFulfilled, onRejected);
  }
}

export class Deferred {
  constructor() {
    /** @type {(value: any) => void} */
    this.resolve = () => {};
    /** @type {(error: unknown) => void} */
    this.reject = () => {};
    /** @type {Promise<any> & { watched: boolean }} */
    this.promise = new Outcome((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Not through Outcome.then: this keeps an ignored promise from being called unhandled,
    // and does not count as somebody waiting.
    Promise.prototype.then.call(this.promise, undefined, () => {});
  }
}

/**
 * The outcome of `work`; when it fails and nobody waits for it, the console says so.
 * @param {Promise<any>} work
 * @returns {Promise<any>}
 */
export function ignorable(work) {
  const deferred = new Deferred();
  work.then(deferred.resolve, (error) => {
    deferred.reject(error);
    // After this turn, so that the page has had its chance to wait for the promise.
    setTimeout(() => deferred.promise.watched || report(error));
  });
  return deferred.promise;
}

/**
 * Calls a handler of the page. What it throws, now or later, goes to the console.
 * @param {string} name
 * @param {unknown} handler
 * @param {...unknown} args
 * @returns {Promise<boolean> | boolean} whether it returned in good order; a promise never rejects
 */
export function call(name, handler, ...args) {
  const failed = (/** @type {unknown} */ error) => {
    report(`${name} failed:`, error);
    return false;
  };
  if (typeof handler !== "function") return true;
  try {
    const result = handler(...args);
    if (typeof result?.then !== "function") return true;
    return Promise.resolve(result).then(() => true, failed);
  } catch (error) {
    return failed(error);
  }
}

/**
 * @param {(boolean | Promise<boolean>)[]} results of `call`
 * @returns {boolean | Promise<boolean>} whether all returned in good order
 */
export function allWell(results) {
  if (results.every((result) => typeof result === "boolean")) return results.every(Boolean);
  return Promise.all(results).then((all) => all.every(Boolean));
}
