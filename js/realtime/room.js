// SPDX-License-Identifier: MIT
// One room, as one script of the page sees it.
import { KINDS, SEND, check, checkHandler, checkOptions } from "../shared/checks.js";
import { Face, namesSlips } from "./face.js";

/**
 * @import { Listener } from "./conduit.js"
 * @import { RoomConduit } from "./room-conduit.js"
 */

/** @implements {GoopRoom} */
export class Room extends Face {
  /** @type {RoomConduit} */
  #room;
  /** @type {Listener & any} */
  #listener;

  /**
   * @param {RoomConduit} room
   * @param {Listener} listener
   */
  constructor(room, listener) {
    super(room, listener, "room");
    this.#room = room;
    this.#listener = listener;
  }
  get id() {
    return this.#room.name;
  }
  get members() {
    return this.#room.members;
  }
  get maxPeers() {
    return this.#room.maxPeers;
  }
  get self() {
    return this.#room.self;
  }
  get host() {
    return this.#room.detail.host;
  }
  /**
   * @param {unknown} data
   * @param {{ timeout?: number }} [options]
   */
  send(data, options) {
    checkOptions("send(data, options)", options, SEND);
    return this.#room.send(data, options);
  }
  /**
   * @param {string} peerId
   * @param {unknown} data
   * @param {{ timeout?: number }} [options]
   */
  sendTo(peerId, data, options) {
    check("sendTo(peerId, data, options): peerId", peerId, KINDS.NAME);
    checkOptions("sendTo(peerId, data, options)", options, SEND);
    return this.#room.hub.outbox.send(this.#room, data, { ...options, to: peerId });
  }
  /** @returns {Promise<void>} */
  leave() {
    return this.#room.close();
  }
  /** @returns {GoopRoom["onMemberJoin"]} */
  get onMemberJoin() {
    return this.#listener.handlers.onMemberJoin ?? null;
  }
  set onMemberJoin(handler) {
    this.#listener.handlers.onMemberJoin = checkHandler("room.onMemberJoin", handler);
    if (!handler) return;
    this.#room.greetAll(this.#listener);
    queueMicrotask(() => this.#room.inbox.run());
  }
  /** @returns {GoopRoom["onMemberLeave"]} */
  get onMemberLeave() {
    return this.#listener.handlers.onMemberLeave ?? null;
  }
  set onMemberLeave(handler) {
    this.#listener.handlers.onMemberLeave = checkHandler("room.onMemberLeave", handler);
  }
  /** @returns {GoopRoom["onRewound"]} */
  get onRewound() {
    return this.#listener.handlers.onRewound ?? null;
  }
  set onRewound(handler) {
    this.#listener.handlers.onRewound = checkHandler("room.onRewound", handler);
  }
}
namesSlips(Room, "room", ["onMemberJoin", "onMemberLeave", "onRewound"]);
