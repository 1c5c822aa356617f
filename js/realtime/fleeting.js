// SPDX-License-Identifier: MIT
// Messages of a channel or room that are in no log: the newest of each kind, and what leaves now or never.
import { messageJson, sizeOf } from "./asking.js";
import { Deferred, GoopError } from "./errors.js";
import { Pace } from "./pace.js";

/**
 * @import { Conduit } from "./conduit.js"
 */

/**
 * How messages of a type travel; `key` is where in them stands what the newest is kept of.
 * @typedef {{ delivery: "latest" | "volatile", key?: string, limits?: { messageBytes?: number, rate: number, burst: number } }} Kind
 * @typedef {{ text: string, pace: Pace, left: boolean, waiting: Deferred[] }} Newest
 */

/** So many are remembered: what has left may have to leave again over the next connection. */
const NEWEST_KEPT = 1_000;
const FLEETING_EVERY_MS = 10;

/**
 * What a JSON Pointer finds, as text; without one, nothing.
 * @param {any} data
 * @param {string | undefined} pointer
 */
function found(data, pointer) {
  if (!pointer) return "";
  const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return JSON.stringify(names.reduce((value, name) => value?.[name], data)) ?? "";
}

export class Fleeting {
  /** @param {Conduit<any, any>} conduit */
  constructor(conduit) {
    this.conduit = conduit;
    /** @type {Map<string, Pace>} by type */
    this.paces = new Map();
    /** @type {Map<string, Newest>} by type and key */
    this.newest = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * @param {{ type: string }} data
   * @param {Kind} kind
   * @returns {any}
   */
  send(data, kind) {
    const body = messageJson(data);
    const [accepted, rest] = [new Deferred(), new Deferred()];
    const problem = this.refusal(sizeOf(body), kind);
    const text = `{"type":"send","channel":${JSON.stringify(this.conduit.id)},"data":${body}}`;
    rest.reject(this.about(problem ? problem.code : "unsupported"));
    if (problem) this.fail(accepted, problem);
    else if (kind.delivery === "latest") this.renew(data, kind, text, accepted);
    else this.now(text, this.pace(data.type, kind), accepted);
    const { promise } = rest;
    const more = { id: "", delivered: promise, handled: promise, handledBy: () => promise };
    return Object.assign(accepted.promise, more);
  }

  /**
   * @param {number} bytes
   * @param {Kind} kind
   */
  refusal(bytes, { limits }) {
    if (this.conduit.closing || this.conduit.ended) return this.about(this.conduit.endsBy.code);
    const most = limits?.messageBytes ?? this.conduit.limits.messageBytes;
    return bytes > most ? this.about("too_large", `a message of ${bytes} bytes; at most ${most} are taken`) : null;
  }

  /**
   * @param {string} code
   * @param {string} [reason]
   */
  about(code, reason) {
    return new GoopError(code, reason, { channelId: this.conduit.id });
  }

  /**
   * Fails after this turn, so that the page has had its chance to wait for the promise.
   * @param {Deferred} accepted
   * @param {GoopError} problem
   */
  fail(accepted, problem) {
    setTimeout(() => {
      accepted.reject(problem);
      if (!accepted.promise.watched) this.conduit.error(problem);
    });
  }

  /**
   * @param {string} type
   * @param {Kind} kind
   */
  pace(type, { limits }) {
    let pace = this.paces.get(type);
    if (!pace) this.paces.set(type, (pace = new Pace()));
    pace.limit(limits ?? this.conduit.limits);
    return pace;
  }

  /**
   * @param {string} text
   * @param {Pace} pace
   * @param {Deferred} accepted
   */
  now(text, pace, accepted) {
    const { line } = this.conduit.hub;
    const ready = this.conduit.takesSignals() && line.ready;
    // Whoever sends such a thing does not wait for it: that one of many did not leave is told to who asks.
    if (!ready || !pace.take(performance.now())) accepted.reject(this.about(ready ? "too_fast" : "not_connected"));
    else if (line.write(text)) accepted.resolve({ id: "" });
    else accepted.reject(this.about("not_connected"));
  }

  /**
   * @param {{ type: string }} data
   * @param {Kind} kind
   * @param {string} text
   * @param {Deferred} accepted
   */
  renew(data, kind, text, accepted) {
    const name = `${data.type} ${found(data, kind.key)}`;
    const waiting = [...(this.newest.get(name)?.waiting ?? []), accepted];
    this.newest.delete(name);
    this.newest.set(name, { text, pace: this.pace(data.type, kind), left: false, waiting });
    const [oldest] = this.newest.keys();
    if (this.newest.size > NEWEST_KEPT) this.drop(oldest, "outbox_full");
    this.flush();
  }

  /**
   * @param {string} name
   * @param {string} code
   */
  drop(name, code) {
    for (const accepted of this.newest.get(name)?.waiting ?? []) accepted.reject(this.about(code));
    this.newest.delete(name);
  }

  /** A new connection: what was written to the old one may not have arrived. */
  again() {
    for (const newest of this.newest.values()) newest.left = false;
    this.flush();
  }

  /** What has its turn leaves; the rest when it has. */
  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const now = performance.now();
    const { id, hub } = this.conduit;
    if (this.conduit.closing) return;
    for (const [name, newest] of this.newest) {
      if (newest.left || newest.pace.wait(now) > 0) continue;
      newest.left = hub.line.write(newest.text, `${id} ${name}`);
      if (!newest.left) return; // the next connection takes them
      newest.pace.take(now);
      for (const accepted of newest.waiting.splice(0)) accepted.resolve({ id: "" });
    }
    const waits = [...this.newest.values()].filter(({ left }) => !left).map(({ pace }) => pace.wait(now));
    if (waits.length > 0) this.timer = setTimeout(() => this.flush(), Math.max(FLEETING_EVERY_MS, Math.min(...waits)));
  }

  /** It is over. */
  stop() {
    clearTimeout(this.timer);
    for (const name of [...this.newest.keys()]) this.drop(name, this.conduit.endsBy.code);
  }
}
