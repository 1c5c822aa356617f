// SPDX-License-Identifier: MIT
// What a page sees as Goop.realtime.
import { CONNECT, KINDS, ROOM, check, checkHandler, checkOptions, namesHandlers } from "../shared/checks.js";
import { connect } from "./connecting.js";
import { GoopError, ignorable } from "./errors.js";
import { Hub } from "./hub.js";

/**
 * The API over a hub of its own. One document needs one.
 * @returns {GoopRealtime}
 */
export function realtime() {
  const hub = new Hub();
  /** @type {GoopRealtime} */
  const api = {
    connect: async (peerId, options) => {
      check("connect(peerId, options): peerId", peerId, KINDS.NAME);
      checkOptions("connect(peerId, options)", options, CONNECT);
      return connect(hub, peerId, options ?? {});
    },
    accept: (channelId) => hub.accept(channelId),
    decline: (channelId, reason) => ignorable(hub.decline(channelId, reason)),
    channels: () => hub.channels(),
    joinRoom: async (roomId, options) => {
      check("joinRoom(roomId, options): roomId", roomId, KINDS.ROOM_NAME);
      checkOptions("joinRoom(roomId, options)", options, ROOM);
      return hub.rooms.join(roomId, options ?? {});
    },
    rooms: (context) => hub.openRooms.follow(context ?? ""),
    serve: (context, onRequest, onEnded) => hub.serve(context, onRequest, onEnded),
    invitations: (onChange) => hub.invitations.follow(onChange),
    watch: (context, onChange) => hub.watching.watch(context, onChange),
    running: (onRows) => hub.follow(onRows),
    get onIncoming() {
      return /** @type {any} */ (hub.requests.rest.onRequest);
    },
    set onIncoming(handler) {
      hub.requests.rest.onRequest = checkHandler("Goop.realtime.onIncoming", handler);
      if (handler) hub.listen();
    },
    get onIncomingEnded() {
      return /** @type {any} */ (hub.requests.rest.onEnded);
    },
    set onIncomingEnded(handler) {
      hub.requests.rest.onEnded = checkHandler("Goop.realtime.onIncomingEnded", handler);
    },
    get onError() {
      return hub.onError;
    },
    set onError(handler) {
      hub.onError = checkHandler("Goop.realtime.onError", handler);
    },
    GoopError: /** @type {any} */ (GoopError),
  };
  return Object.setPrototypeOf(api, namesHandlers("Goop.realtime", ["onIncoming", "onIncomingEnded", "onError"]));
}
