// SPDX-License-Identifier: MIT
// What a page sees as Goop.realtime.
import { connect } from "./connecting.js";
import { GoopError, ignorable } from "./errors.js";
import { Hub } from "./hub.js";

/**
 * The API over a hub of its own. One document needs one.
 * @returns {GoopRealtime}
 */
export function realtime() {
  const hub = new Hub();
  return {
    connect: async (peerId, options = {}) => {
      if (typeof peerId !== "string" || peerId === "") {
        throw new TypeError("connect(peerId, options): a peer id is needed");
      }
      return connect(hub, peerId, options);
    },
    accept: (channelId) => hub.accept(channelId),
    decline: (channelId, reason) => ignorable(hub.decline(channelId, reason)),
    channels: () => hub.channels(),
    joinRoom: async () => {
      throw new GoopError("not_supported", "rooms are not available in this version; use connect() for two peers");
    },
    serve: (context, onRequest, onEnded) => hub.serve(context, onRequest, onEnded),
    get onIncoming() {
      return /** @type {any} */ (hub.requests.rest.onRequest);
    },
    set onIncoming(handler) {
      hub.requests.rest.onRequest = handler;
      if (handler) hub.listen();
    },
    get onIncomingEnded() {
      return /** @type {any} */ (hub.requests.rest.onEnded);
    },
    set onIncomingEnded(handler) {
      hub.requests.rest.onEnded = handler;
    },
    get onError() {
      return hub.onError;
    },
    set onError(handler) {
      hub.onError = handler;
    },
    GoopError: /** @type {any} */ (GoopError),
  };
}
