// SPDX-License-Identifier: MIT
// One channel, as the page sees it.
import { SEND, checkHandler, checkOptions } from "../shared/checks.js";
import { Face, namesSlips } from "./face.js";
import { pending } from "./pending.js";

/**
 * @import { ChannelConduit } from "./channel-conduit.js"
 * @import { Listener } from "./conduit.js"
 */

/** @implements {GoopChannel} */
export class Channel extends Face {
  /** @type {ChannelConduit} */
  #conduit;
  #listener;

  /**
   * @param {ChannelConduit} conduit
   * @param {Listener} listener
   */
  constructor(conduit, listener) {
    super(conduit, listener, "channel");
    this.#conduit = conduit;
    this.#listener = listener;
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
  /** @returns {any} */
  get params() {
    return this.#conduit.params;
  }
  get delivery() {
    return this.#conduit.delivery;
  }
  /**
   * @param {unknown} data
   * @param {{ timeout?: number }} [options]
   */
  send(data, options) {
    checkOptions("send(data, options)", options, SEND);
    return this.#conduit.send(data, options);
  }
  pending() {
    return pending(this.id);
  }
  /** @returns {Promise<void>} */
  close() {
    return this.#conduit.close();
  }
  /** @returns {GoopChannel["onPending"]} */
  get onPending() {
    return this.#listener.handlers.onPending ?? null;
  }
  set onPending(handler) {
    this.#listener.handlers.onPending = checkHandler("channel.onPending", handler);
    if (handler) this.#conduit.hub.followPending(this.id);
  }
}
namesSlips(Channel, "channel", ["onPending"]);
