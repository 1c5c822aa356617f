// SPDX-License-Identifier: MIT
// One channel, inside; `Channel` is the face of it that the page sees.
import { Channel } from "./channel.js";
import { ChannelInbox } from "./channel-inbox.js";
import { Conduit, Listener } from "./conduit.js";
import { GoopError } from "./errors.js";
import { metaOf } from "./history.js";

/**
 * @import { Hub } from "./hub.js"
 */

/** How long receipts may follow the close of their channel. */
const LAST_RECEIPTS_MS = 5_000;

/** @type {GoopDetail} */
const NO_DETAIL = { code: null, reason: null, final: false, suspended: false, peerPage: null };

/** @extends {Conduit<GoopState, GoopDetail>} */
export class ChannelConduit extends Conduit {
  /**
   * @param {string} id
   * @param {Hub} hub
   */
  constructor(id, hub) {
    super(id, hub, "connecting", NO_DETAIL, { frame: "close", code: "closed" });
    this.peerId = "";
    this.peerLabel = "";
    /** @type {unknown} */
    this.params = null;
    /** Where its log starts, and what of a row of it is told beside the message. */
    this.start = "0:0";
    this.metaOf = metaOf;
    /** Which `state` frame was the last about it, counted over all channels. */
    this.told = 0;
    this.inbox = new ChannelInbox(this);
    const listener = new Listener();
    this.listeners.push(listener);
    this.face = new Channel(this, listener);
  }

  /** @param {any} row a channel row of an endpoint, or a `state` frame */
  describe(row) {
    for (const key of /** @type {const} */ (["peerId", "peerLabel", "context", "version", "params", "delivery"])) {
      if (row[key] !== undefined && row[key] !== null) /** @type {any} */ (this)[key] = row[key];
    }
    this.limit(row);
  }

  /** @param {any} row */
  tellState(row) {
    this.describe(row);
    if (this.ended) return;
    const told = { ...row, ...row.detail };
    /** @type {GoopDetail} */
    const detail = {
      code: told.code ?? null,
      reason: told.reason ?? null,
      final: told.final === true,
      suspended: told.suspended === true,
      peerPage: told.peerPage === "open" || told.peerPage === "none" ? told.peerPage : null,
    };
    if (detail.final) return this.conclude(row.state, detail);
    this.change(row.state, detail);
    this.tellOpeners();
  }

  /**
   * @param {GoopState} state
   * @param {GoopDetail} detail
   */
  conclude(state, detail) {
    const code = detail.code ?? "closed";
    this.end(new GoopError(code, detail.reason, { channelId: this.id }));
    this.fleeting.stop();
    if (["expired", "lost", "diverged"].includes(code)) this.hub.outbox.end(this, code);
    // After an ordinary close the other side still says what it has and has handled.
    else setTimeout(() => this.hub.outbox.end(this, "closed"), LAST_RECEIPTS_MS);
    // The close is the log's last entry: what came before it is handled before it.
    if (this.inbox.waits() && this.hears("onMessage")) this.inbox.last(() => this.change(state, detail));
    else this.change(state, detail);
  }

  /** Both sides have agreed, though they may be apart just now. @override */
  isOpen() {
    return this.state === "connected" || (this.detail.suspended && !this.detail.final);
  }

  /** As it is now: what it missed is no news. @override @returns {Channel} */
  hand() {
    for (const listener of this.listeners) listener.missedState = false;
    return this.face;
  }

  /** A peer with an older protocol knows no signals. @override */
  takesSignals() {
    return this.state === "connected" && this.delivery === "log";
  }

  /** The node is away. */
  cutOff() {
    if (this.state !== "connected") return;
    this.change("disconnected", { ...NO_DETAIL, code: "node_unreachable", reason: "the node is away", suspended: true });
  }

  /** The node knows nothing of it. */
  vanish() {
    this.tellState({ state: "disconnected", final: true, code: this.closing ? "closed" : "lost" });
  }
}
