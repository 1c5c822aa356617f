// SPDX-License-Identifier: MIT
// What the page sees of a channel and of a room alike.
import { messageJson, sizeOf } from "./asking.js";
import { checkHandler, namesHandlers } from "../shared/checks.js";
import { GoopError, call } from "./errors.js";
import { history } from "./history.js";

/**
 * @import { Conduit, Listener } from "./conduit.js"
 */

/** The handlers that both have. */
const COMMON = ["onMessage", "onStateChange", "onError", "onGap", "onSignal", "onDrain", "onSnapshot"];

export class Face {
  /** @type {any} */
  #conduit;
  /** @type {Listener} */
  #listener;
  #where;

  /**
   * @param {Conduit<any, any>} conduit
   * @param {Listener} listener
   * @param {"channel" | "room"} where
   */
  constructor(conduit, listener, where) {
    this.#conduit = conduit;
    this.#listener = listener;
    this.#where = where;
  }
  get context() {
    return this.#conduit.context;
  }
  get version() {
    return this.#conduit.version;
  }
  get state() {
    return this.#conduit.state;
  }
  get detail() {
    return this.#conduit.detail;
  }
  get bufferedAmount() {
    return this.#conduit.waiting;
  }
  /** @returns {Promise<any>} */
  history() {
    return history(this.#conduit);
  }
  /** @returns {Promise<any>} */
  snapshot() {
    return this.#conduit.hub.snapshots.ask(this.#conduit.id);
  }
  /** @param {unknown} data */
  signal(data) {
    const conduit = this.#conduit;
    const { id, hub } = conduit;
    const body = messageJson(data);
    const [bytes, most] = [sizeOf(body), conduit.limits.signalBytes];
    if (bytes > most) {
      throw new GoopError("too_large", `a signal of ${bytes} bytes; at most ${most} are taken`, { channelId: id });
    }
    if (conduit.closing || !conduit.takesSignals() || !hub.line.ready) return false;
    if (!conduit.pace.take(performance.now())) return false;
    return hub.line.write(`{"type":"signal","channel":${JSON.stringify(id)},"data":${body}}`, id);
  }

  /** @param {string} name */
  #get(name) {
    return this.#listener.handlers[name] ?? null;
  }
  /**
   * @param {string} name
   * @param {any} handler
   */
  #set(name, handler) {
    this.#listener.handlers[name] = checkHandler(`${this.#where}.${name}`, handler);
  }
  /** @returns {any} */
  get onMessage() {
    return this.#get("onMessage");
  }
  set onMessage(handler) {
    this.#set("onMessage", handler);
    // Not at once: the page may be about to set its other handlers.
    queueMicrotask(() => this.#conduit.inbox.run());
  }
  /** @returns {any} */
  get onStateChange() {
    return this.#get("onStateChange");
  }
  set onStateChange(handler) {
    this.#set("onStateChange", handler);
    const [listener, conduit] = [this.#listener, this.#conduit];
    if (!handler || !listener.missedState) return;
    queueMicrotask(() => {
      if (!listener.missedState || listener.handlers.onStateChange !== handler) return;
      listener.missedState = false;
      void call("onStateChange", handler, conduit.state, conduit.detail);
    });
  }
  /** @returns {any} */
  get onError() {
    return this.#get("onError");
  }
  set onError(handler) {
    this.#set("onError", handler);
  }
  /** @returns {any} */
  get onGap() {
    return this.#get("onGap");
  }
  set onGap(handler) {
    this.#set("onGap", handler);
  }
  /** @returns {any} */
  get onSignal() {
    return this.#get("onSignal");
  }
  set onSignal(handler) {
    this.#set("onSignal", handler);
  }
  /** @returns {any} */
  get onDrain() {
    return this.#get("onDrain");
  }
  set onDrain(handler) {
    this.#set("onDrain", handler);
  }
  /** @returns {any} */
  get onSnapshot() {
    return this.#get("onSnapshot");
  }
  set onSnapshot(handler) {
    this.#set("onSnapshot", handler);
    this.#conduit.hub.snapshots.follow(this.#conduit);
  }
}

/**
 * Has slips in the names of handlers named.
 * @param {{ prototype: Face }} Kind
 * @param {string} where
 * @param {string[]} handlers  beside those that every face has
 */
export function namesSlips(Kind, where, handlers) {
  Object.setPrototypeOf(Kind.prototype, namesHandlers(where, [...COMMON, ...handlers], Face.prototype));
}
