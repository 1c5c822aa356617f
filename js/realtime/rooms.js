// SPDX-License-Identifier: MIT
// The rooms of this page: what the node says of them, and joining one.
import { PAGE, ask } from "./asking.js";
import { DEFAULT_TIMEOUT_MS, inTime } from "./patience.js";
import { RoomConduit } from "./room-conduit.js";

/**
 * @import { Hub } from "./hub.js"
 */

export class Rooms {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    /** How many messages this page has sent, by room: it may leave one and come back. @type {Map<string, number>} */
    this.counters = new Map();
  }

  /** @param {string} id */
  nextNumber(id) {
    const number = (this.counters.get(id) ?? 0) + 1;
    this.counters.set(id, number);
    return number;
  }

  /** @param {string} id @returns {RoomConduit | undefined} where it is one that goes on */
  living(id) {
    const room = this.hub.conduits.get(id);
    return room instanceof RoomConduit && !room.ended ? room : undefined;
  }

  all() {
    return this.hub.living().filter((conduit) => conduit instanceof RoomConduit);
  }

  /** @param {any} frame `room` */
  take(frame) {
    const room = this.living(frame.channel) ?? (frame.state === "left" ? undefined : this.#open(frame.channel));
    if (!room) return;
    room.heard = this.hub.sockets;
    room.tellState(frame);
  }

  /** @param {string} id */
  #open(id) {
    return this.hub.keep(new RoomConduit(id, this.hub));
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  frame(frame, bytes) {
    const room = this.living(frame.channel);
    if (!room) return;
    const { inbox } = room;
    switch (frame.type) {
      case "message":
        return inbox.receive(frame, bytes);
      case "member":
        return inbox.member(frame);
      case "rewound":
        return inbox.rewound(frame);
      case "gap":
        return inbox.gap(frame);
      case "latest":
        return inbox.latest(frame);
      case "volatile":
        return void room.handOut(frame);
      case "signal":
        return void room.emit("onSignal", frame.data, { from: frame.from });
      case "receipt":
      case "refused":
        return room.answer(frame);
    }
  }

  /**
   * @param {string} roomId
   * @param {GoopRoomOptions} options
   * @returns {Promise<GoopRoom>}
   */
  async join(roomId, { maxPeers, key, listed, context }) {
    // What leaves just now would otherwise be what is joined.
    for (const room of this.all()) if (room.closing && room.name === roomId) await room.over.promise;
    const wish = { room: roomId, maxPeers, key, listed, context, page: PAGE };
    /** @type {RoomConduit | undefined} */
    let room;
    let given = true;
    const attempt = async () => {
      await this.hub.line.whenReady();
      if (!given) return undefined;
      const row = await ask("join", Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null)));
      // Where frames have told of it already they say more than the answer, which they may have overtaken.
      room = this.living(row.channelId);
      if (!room) {
        room = this.#open(row.channelId);
        room.tellState(row);
      }
      if (!given) return this.#withdraw(room);
      return room.opened();
    };
    try {
      return await inTime(this.hub, DEFAULT_TIMEOUT_MS, undefined, attempt);
    } catch (error) {
      given = false;
      if (room) this.#withdraw(room);
      throw error;
    }
  }

  /** Nobody on this page waits for it any more. @param {RoomConduit} room */
  #withdraw(room) {
    if (room.state === "joining" && room.listeners.length === 0) void room.close();
  }
}
