// SPDX-License-Identifier: MIT
// One's own requests that wait for an answer, and those of others that were missed. The node has
// them, so they are here after a reload and in every tab.
import { ask } from "./asking.js";
import { KINDS, check } from "../shared/checks.js";
import { call } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 */

export class Invitations {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    /** @type {Map<string, GoopInvitation>} by channel id */
    this.sent = new Map();
    /** @type {Map<string, GoopMissed>} by channel id */
    this.missed = new Map();
    /** @type {Set<{ onChange: unknown }>} */
    this.followers = new Set();
    /** Whether the node has told all there is. */
    this.complete = false;
    this.due = false;
  }

  /**
   * @param {unknown} onChange
   * @returns {() => void}
   */
  follow(onChange) {
    check("invitations(onChange): onChange", onChange, KINDS.HANDLER);
    const follower = { onChange };
    this.followers.add(follower);
    this.hub.line.start();
    if (this.complete) this.#changed();
    return () => void this.followers.delete(follower);
  }

  /** A new connection: what the node has is told from here on. */
  begin() {
    this.sent.clear();
    this.missed.clear();
    this.complete = true;
    this.#changed();
  }

  /** @param {any} row of an endpoint, or a `state` frame: only a request of one's own has a `reach` */
  told(row) {
    const id = row.channel ?? row.channelId;
    if (row.reach && row.state === "connecting") this.sent.set(id, this.#sent(id, row));
    else if (!this.sent.delete(id)) return;
    this.#changed();
  }

  /** @param {any} frame */
  take(frame) {
    if (frame.type === "missed") this.missed.set(frame.channel, this.#missed(frame));
    else if (!this.missed.delete(frame.channel)) return;
    this.#changed();
  }

  /**
   * @param {string} id
   * @param {any} row
   * @returns {GoopInvitation}
   */
  #sent(id, row) {
    const conduit = this.hub.conduit(id);
    return {
      ...whoAndWhat(id, row),
      expiresAt: Date.now() + row.expiresIn,
      reach: row.reach,
      opened: () => conduit.opened(),
      withdraw: () => conduit.close(),
    };
  }

  /**
   * @param {any} frame
   * @returns {GoopMissed}
   */
  #missed(frame) {
    const channelId = frame.channel;
    const templates = frame.templates ?? null;
    const dismiss = async () => void (await ask("dismiss", { channelId }));
    return { ...whoAndWhat(channelId, frame), app: frame.app ?? "", templates, at: frame.at, dismiss };
  }

  /** Whoever follows hears once of all that came together. */
  #changed() {
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      const now = { sent: [...this.sent.values()], missed: [...this.missed.values()] };
      for (const { onChange } of [...this.followers]) void call("invitations", onChange, now);
    });
  }
}

/**
 * @param {string} channelId
 * @param {any} row
 */
function whoAndWhat(channelId, { peerId, peerLabel, context, params, title, page }) {
  return {
    channelId,
    peerId,
    peerLabel: peerLabel ?? "",
    context: context ?? "",
    params: params ?? null,
    title: title ?? null,
    page: page ?? null,
  };
}
