// SPDX-License-Identifier: MIT
// Open rooms nearby, by context: a list for each script that follows them.
import { KINDS, check, checkHandler, namesHandlers } from "../shared/checks.js";
import { call } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 * @typedef {{ rooms: readonly GoopOpenRoom[] | null, handlers: Set<{ onChange: any }> }} Followed
 */

export class OpenRooms {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    /** @type {Map<string, Followed>} */
    this.contexts = new Map();
  }

  /**
   * @param {string} context
   * @returns {GoopOpenRooms}
   */
  follow(context) {
    check("rooms(context): context", context, KINDS.TEXT);
    const followed = this.contexts.get(context) ?? { rooms: null, handlers: new Set() };
    const handler = { onChange: null };
    const { handlers } = followed;
    if (handlers.size === 0) {
      this.contexts.set(context, followed);
      this.#say(context, true);
    }
    handlers.add(handler);
    this.hub.line.start();
    const tell = () => {
      if (followed.rooms && handlers.has(handler)) void call("onChange", handler.onChange, followed.rooms);
    };
    /** @type {GoopOpenRooms} */
    const list = {
      get rooms() {
        return followed.rooms;
      },
      get onChange() {
        return handler.onChange;
      },
      set onChange(value) {
        handler.onChange = checkHandler("rooms.onChange", /** @type {any} */ (value));
        queueMicrotask(tell);
      },
      stop: () => {
        if (!handlers.delete(handler) || handlers.size > 0) return;
        this.contexts.delete(context);
        this.#say(context, false);
      },
    };
    return Object.setPrototypeOf(list, namesHandlers("rooms", ["onChange"]));
  }

  /** A new connection. */
  again() {
    for (const context of this.contexts.keys()) this.#say(context, true);
  }

  /**
   * @param {string} context
   * @param {boolean} watch
   */
  #say(context, watch) {
    this.hub.line.write(JSON.stringify({ type: "rooms", context, watch }));
  }

  /** @param {any} frame `rooms` */
  take({ context, rooms }) {
    const followed = this.contexts.get(context);
    if (!followed) return;
    followed.rooms = Object.freeze(rooms);
    for (const { onChange } of [...followed.handlers]) void call("onChange", onChange, followed.rooms);
  }
}
