// SPDX-License-Identifier: MIT
// Requests from other nodes: who of this page answers which.
import { call, ignorable } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 */

/**
 * @typedef {{ onRequest: unknown, onEnded: unknown }} Server
 * @typedef {{ info: GoopIncoming, server: Server | null, heard: number }} Waiting
 */

/**
 * A request as the page sees it, of the node's frame about it.
 * @param {Hub} hub
 * @param {any} frame
 * @returns {GoopIncoming}
 */
export function incoming(hub, frame) {
  const { channel, peerId, peerLabel, context, app, params, title, page, terms, templates, expiresIn, accepted = false } = frame;
  return {
    channelId: channel,
    peerId,
    peerLabel: peerLabel ?? "",
    context: context ?? "",
    app: app ?? "",
    params: params ?? null,
    title: title ?? null,
    page: page ?? null,
    terms: terms ?? "",
    templates: templates ?? null,
    expiresIn: expiresIn ?? null,
    accepted,
    accept: () => hub.accept(channel),
    decline: (reason) => ignorable(hub.decline(channel, reason)),
  };
}

export class Requests {
  /** @param {(channelId: string) => void} tellShown  says to the node that the page shows a request */
  constructor(tellShown) {
    this.tellShown = tellShown;
    /** @type {Map<string, Server>} by context */
    this.servers = new Map();
    /** Where everything goes that no script of the page serves. @type {Server} */
    this.rest = { onRequest: null, onEnded: null };
    /** @type {Map<string, Waiting>} by channel id */
    this.waiting = new Map();
  }

  /**
   * @param {string} context
   * @returns {Server | null}
   */
  serverOf(context) {
    let best = "";
    for (const name of this.servers.keys()) {
      const fits = context === name || context.startsWith(`${name}_`);
      if (fits && name.length > best.length) best = name;
    }
    return this.servers.get(best) ?? (typeof this.rest.onRequest === "function" ? this.rest : null);
  }

  /**
   * @param {GoopIncoming} info
   * @param {number} heard
   */
  add(info, heard) {
    const known = this.waiting.get(info.channelId);
    if (known) {
      known.heard = heard;
      this.#shown(known); // on a new connection the node asks anew
    } else this.waiting.set(info.channelId, { info, server: null, heard });
    this.hand();
  }

  /** Gives each request that waits to whoever serves it now. */
  hand() {
    for (const entry of this.waiting.values()) {
      if (entry.server) continue;
      entry.server = this.serverOf(entry.info.context);
      if (!entry.server) continue;
      this.#shown(entry);
      void call("onIncoming", entry.server.onRequest, entry.info);
    }
  }

  /** @param {Waiting} entry */
  #shown({ server, info }) {
    if (server && !info.accepted) this.tellShown(info.channelId);
  }

  /**
   * @param {string} channelId
   * @param {string} code
   */
  end(channelId, code) {
    const entry = this.waiting.get(channelId);
    if (!entry) return;
    this.waiting.delete(channelId);
    if (entry.server) void call("onIncomingEnded", entry.server.onEnded, { ...entry.info, code });
  }
}
