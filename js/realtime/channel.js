// SPDX-License-Identifier: MIT
// One channel, as the page sees it.
import { messageJson } from "./asking.js";
import { call } from "./errors.js";
import { history } from "./history.js";

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
  onError = null;
  /** @type {GoopChannel["onGap"]} */
  onGap = null;
  /** @type {GoopChannel["onSignal"]} */
  onSignal = null;
  /** @type {GoopChannel["onDrain"]} */
  onDrain = null;

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
    return this.#conduit.waiting.bytes;
  }
  /**
   * @param {unknown} data
   * @param {{ timeout?: number }} [options]
   */
  send(data, options) {
    return this.#conduit.hub.outbox.send(this.#conduit, data, options);
  }
  history() {
    return history(this.id);
  }
  /** @param {unknown} data */
  signal(data) {
    if (this.#conduit.ended) return false;
    const [channel, body] = [JSON.stringify(this.id), messageJson(data)];
    return this.#conduit.hub.line.write(`{"type":"signal","channel":${channel},"data":${body}}`, this.id);
  }
  /** @returns {Promise<void>} */
  close() {
    return this.#conduit.close();
  }
  get onMessage() {
    return this.#onMessage;
  }
  set onMessage(handler) {
    this.#onMessage = handler;
    // Not at once: the page may be about to set its other handlers.
    queueMicrotask(() => this.#conduit.inbox.run());
  }
  get onStateChange() {
    return this.#onStateChange;
  }
  set onStateChange(handler) {
    this.#onStateChange = handler;
    const conduit = this.#conduit;
    if (!handler || !conduit.missedState) return;
    queueMicrotask(() => {
      if (!conduit.missedState || this.#onStateChange !== handler) return;
      conduit.missedState = false;
      void call("onStateChange", handler, conduit.state, conduit.detail);
    });
  }
}
