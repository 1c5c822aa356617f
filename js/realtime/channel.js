// SPDX-License-Identifier: MIT
// One channel, as the page sees it.
import { messageJson, sizeOf } from "./asking.js";
import { SEND, checkHandler, checkOptions, namesHandlers } from "../shared/checks.js";
import { GoopError, call } from "./errors.js";
import { history } from "./history.js";
import { pending } from "./pending.js";

/**
 * @import { Conduit } from "./conduit.js"
 */

/** @implements {GoopChannel} */
export class Channel {
  /** @type {Conduit} */
  #conduit;
  /** @type {GoopChannel["onMessage"]} */
  #onMessage = null;
  /** @type {GoopChannel["onStateChange"]} */
  #onStateChange = null;
  /** @type {GoopChannel["onError"]} */
  #onError = null;
  /** @type {GoopChannel["onGap"]} */
  #onGap = null;
  /** @type {GoopChannel["onSignal"]} */
  #onSignal = null;
  /** @type {GoopChannel["onDrain"]} */
  #onDrain = null;
  /** @type {GoopChannel["onPending"]} */
  #onPending = null;

  /** @param {Conduit} conduit */
  constructor(conduit) {
    this.#conduit = conduit;
  }
  get id() {
    return this.#conduit.id;
  }
  get peerId() {
    return this.#conduit.peerId;
  }
  get peerLabel() {
    return this.#conduit.peerLabel;
  }
  get context() {
    return this.#conduit.context;
  }
  /** @returns {any} */
  get params() {
    return this.#conduit.params;
  }
  get delivery() {
    return this.#conduit.delivery;
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
  /**
   * @param {unknown} data
   * @param {{ timeout?: number }} [options]
   */
  send(data, options) {
    checkOptions("send(data, options)", options, SEND);
    return this.#conduit.hub.outbox.send(this.#conduit, data, options);
  }
  history() {
    return history(this.id);
  }
  pending() {
    return pending(this.id);
  }
  /** @param {unknown} data */
  signal(data) {
    const conduit = this.#conduit;
    const [channel, body] = [JSON.stringify(this.id), messageJson(data)];
    const [bytes, most] = [sizeOf(body), conduit.limits.signalBytes];
    if (bytes > most) {
      throw new GoopError("too_large", `a signal of ${bytes} bytes; at most ${most} are taken`, { channelId: this.id });
    }
    // There has to be somebody who can take it now; a peer with an older protocol knows no signals.
    if (conduit.closing || this.state !== "connected" || this.delivery !== "log" || !conduit.hub.line.ready) return false;
    if (!conduit.pace.take(performance.now())) return false;
    return conduit.hub.line.write(`{"type":"signal","channel":${channel},"data":${body}}`, this.id);
  }
  /** @returns {Promise<void>} */
  close() {
    return this.#conduit.close();
  }
  get onMessage() {
    return this.#onMessage;
  }
  set onMessage(handler) {
    this.#onMessage = checkHandler("channel.onMessage", handler);
    // Not at once: the page may be about to set its other handlers.
    queueMicrotask(() => this.#conduit.inbox.run());
  }
  get onStateChange() {
    return this.#onStateChange;
  }
  set onStateChange(handler) {
    this.#onStateChange = checkHandler("channel.onStateChange", handler);
    const conduit = this.#conduit;
    if (!handler || !conduit.missedState) return;
    queueMicrotask(() => {
      if (!conduit.missedState || this.#onStateChange !== handler) return;
      conduit.missedState = false;
      void call("onStateChange", handler, conduit.state, conduit.detail);
    });
  }
  get onError() {
    return this.#onError;
  }
  set onError(handler) {
    this.#onError = checkHandler("channel.onError", handler);
  }
  get onGap() {
    return this.#onGap;
  }
  set onGap(handler) {
    this.#onGap = checkHandler("channel.onGap", handler);
  }
  get onSignal() {
    return this.#onSignal;
  }
  set onSignal(handler) {
    this.#onSignal = checkHandler("channel.onSignal", handler);
  }
  get onDrain() {
    return this.#onDrain;
  }
  set onDrain(handler) {
    this.#onDrain = checkHandler("channel.onDrain", handler);
  }
  get onPending() {
    return this.#onPending;
  }
  set onPending(handler) {
    this.#onPending = checkHandler("channel.onPending", handler);
    if (handler) this.#conduit.hub.followPending(this.id);
  }
}
Object.setPrototypeOf(
  Channel.prototype,
  namesHandlers("channel", ["onMessage", "onStateChange", "onError", "onGap", "onSignal", "onDrain", "onPending"]),
);
