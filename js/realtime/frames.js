// SPDX-License-Identifier: MIT
// Which part of the page each frame of the node is for.
import { receipt, refused } from "./receipts.js";
import { incoming } from "./requests.js";

/**
 * @import { Hub } from "./hub.js"
 */

/** Rooms have handles of their own kind, the same at all nodes. @param {any} frame */
export const isRoom = ({ channel }) => typeof channel === "string" && channel.startsWith("room-");

/**
 * @param {Hub} hub
 * @param {any} frame
 * @param {number} bytes
 */
export function channelFrame(hub, frame, bytes) {
  switch (frame.type) {
    case "message":
      return hub.conduit(frame.channel).inbox.receive(frame, bytes);
    case "receipt":
      return void receipt(hub.outbox, frame);
    case "state":
      return hub.state(frame);
    case "incoming":
      return hub.requests.add(incoming(hub, frame), hub.sockets);
    case "incoming_ended":
      return hub.requests.end(frame.channel, frame.code);
    case "missed": case "missed_ended":
      return hub.invitations.take(frame);
    case "refused":
      return void refused(hub.outbox, frame);
    case "error":
      return hub.error(frame);
    case "running":
      return hub.running.take(frame);
    case "latest":
      return hub.conduit(frame.channel).inbox.latest(frame);
    case "volatile":
      return void hub.conduit(frame.channel).handOut(frame);
    case "gap":
      return hub.conduit(frame.channel).inbox.gap(frame);
    case "pending":
      return void hub.conduit(frame.channel).emit("onPending", frame.count);
    case "signal":
      return void hub.conduit(frame.channel).emit("onSignal", frame.data, { from: frame.from });
    case "rooms":
      return hub.openRooms.take(frame);
    case "changed":
      return hub.watching.changed([frame.context]);
    case "subscribed":
      return hub.subscribed(frame);
  }
}

/**
 * @param {Hub} hub
 * @param {any} frame
 * @param {number} bytes
 */
export function roomFrame(hub, frame, bytes) {
  if (frame.type === "room") return hub.rooms.take(frame);
  if (frame.type === "error") return hub.error(frame);
  if (frame.type === "receipt" && receipt(hub.outbox, frame)) return;
  if (frame.type === "refused" && refused(hub.outbox, frame)) return;
  hub.rooms.frame(frame, bytes);
}
