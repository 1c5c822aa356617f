// SPDX-License-Identifier: MIT
// One channel, inside: its state, who waits for it, and how full it is.
import { Channel } from "./channel.js";
import { Deferred, GoopError, call, report } from "./errors.js";
import { Inbox } from "./inbox.js";
import { OUTBOX_BYTES, OUTBOX_MESSAGES } from "./outbox.js";
import { Pace } from "./pace.js";

/**
 * @import { Line } from "./line.js"
 * @import { Outbox } from "./outbox.js"
 */

/** How long a full node is left alone when no receipt can tell that it has room again. */
const DRAIN_MS = 1_000;

/** What a node takes unless it says otherwise. */
const USUAL_LIMITS = { messageBytes: 64 * 1024, signalBytes: 4 * 1024 };

/** How long receipts may follow the close of their channel. */
const LAST_RECEIPTS_MS = 5_000;

/** @type {GoopDetail} */
export const NO_DETAIL = { code: null, reason: null, final: false, suspended: false, peerPage: null };

/** What happens inside a channel; `Channel` is the face of it that the page sees. */
export class Conduit {
  /**
   * @param {string} id
   * @param {{ outbox: Outbox, line: Line, acknowledge(conduit: Conduit): void,
   *   subscribe(body: object): void, followPending(id: string): void }} hub
   */
  constructor(id, hub) {
    this.id = id;
    this.hub = hub;
    this.peerId = "";
    this.peerLabel = "";
    this.context = "";
    /** @type {unknown} */
    this.params = null;
    /** @type {"log" | "best-effort"} */
    this.delivery = "log";
    /** @type {GoopState} */
    this.state = "connecting";
    this.detail = NO_DETAIL;
    this.closing = false;
    /** @type {GoopError | null} why it is over */
    this.ended = null;
    this.over = new Deferred();
    /** @type {Deferred[]} who waits for it to open */
    this.openers = [];
    /** The socket, counted, on which the node last spoke of it. */
    this.heard = 0;
    /** Bytes of sends that the node has not accepted. */
    this.waiting = 0;
    /** Sends whose fate is not known: what the node holds of them as well. */
    this.unsettled = { messages: 0, bytes: 0 };
    /** A send was refused for want of room here. */
    this.full = false;
    /** How many sends were unsettled when the node would take no more. @type {number | null} */
    this.nodeFull = null;
    this.limits = USUAL_LIMITS;
    this.pace = new Pace();
    this.missedState = false;
    this.inbox = new Inbox(this);
    this.face = new Channel(this);
  }

  /** @param {any} row a channel row of an endpoint, or a `state` frame */
  describe(row) {
    for (const key of /** @type {const} */ (["peerId", "peerLabel", "context", "params", "delivery"])) {
      if (row[key] !== undefined && row[key] !== null) /** @type {any} */ (this)[key] = row[key];
    }
    if (!row.limits) return;
    this.limits = row.limits;
    this.pace.limit(row.limits);
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
    if (detail.final) {
      const code = detail.code ?? "closed";
      const error = new GoopError(code, detail.reason, { channelId: this.id });
      this.ended = error;
      if (["expired", "lost", "diverged"].includes(code)) this.hub.outbox.end(this, code);
      // After an ordinary close the other side still says what it has and has handled.
      else setTimeout(() => this.hub.outbox.end(this, "closed"), LAST_RECEIPTS_MS);
      for (const opener of this.openers.splice(0)) opener.reject(error);
      this.over.resolve(undefined);
      // The close is the log's last entry: what came before it is handled before it.
      if (this.inbox.waits() && this.face.onMessage) {
        const handler = () => () => this.change(row.state, detail);
        this.inbox.add({ bytes: 0, at: null, name: "", handler, args: [] });
        return;
      }
    }
    this.change(row.state, detail);
    if (!this.isOpen()) return;
    for (const opener of this.openers.splice(0)) opener.resolve(this.face);
  }

  /**
   * @param {GoopState} state
   * @param {GoopDetail} detail
   */
  change(state, detail) {
    if (state === this.state && JSON.stringify(detail) === JSON.stringify(this.detail)) return;
    this.state = state;
    this.detail = Object.freeze(detail);
    this.missedState = !this.face.onStateChange;
    void call("onStateChange", this.face.onStateChange, state, this.detail);
  }

  /** Both sides have agreed, though they may be apart just now. */
  isOpen() {
    return this.state === "connected" || (this.detail.suspended && !this.detail.final);
  }

  /** @returns {Promise<GoopChannel>} once both sides have agreed */
  opened() {
    const opener = new Deferred();
    if (this.ended) opener.reject(this.ended);
    else if (this.isOpen()) opener.resolve(this.face);
    else this.openers.push(opener);
    return opener.promise.then((/** @type {GoopChannel} */ channel) => {
      this.missedState = false;
      return channel;
    });
  }

  /** @param {GoopError} error */
  error(error) {
    if (this.face.onError) void call("onError", this.face.onError, error);
    else report(`channel ${this.id} (${this.context || "no context"}):`, error);
  }

  /** The node knows nothing of it. */
  vanish() {
    this.tellState({ state: "disconnected", final: true, code: this.closing ? "closed" : "lost" });
  }

  close() {
    if (!this.ended && !this.closing) {
      this.closing = true;
      if (!this.hub.outbox.held.has(this)) this.sendClose();
    }
    return this.over.promise;
  }

  sendClose() {
    this.hub.line.start();
    this.hub.line.write(JSON.stringify({ type: "close", channel: this.id }));
  }

  /**
   * Whether another send would fit; one that does not is told by `onDrain` when there is room.
   * @param {number} bytes
   */
  takes(bytes) {
    const { unsettled } = this;
    const fits = unsettled.messages < OUTBOX_MESSAGES && unsettled.bytes + bytes <= OUTBOX_BYTES;
    if (!fits) this.full = true;
    return fits;
  }

  /** The node takes no more: too much is on its way that the other page has not handled. */
  refusedFull() {
    this.nodeFull = this.unsettled.messages;
    // Where nothing of ours is under way, nothing will tell us.
    if (this.unsettled.messages === 0) setTimeout(() => this.settled(0), DRAIN_MS);
  }

  /** @param {number} bytes of a send */
  began(bytes) {
    this.waiting += bytes;
    this.unsettled.messages++;
    this.unsettled.bytes += bytes;
  }

  /** @param {number} bytes of a send whose fate is known; 0 for none */
  settled(bytes) {
    const { unsettled } = this;
    if (bytes > 0) {
      unsettled.messages--;
      unsettled.bytes -= bytes;
    }
    if (this.nodeFull !== null && unsettled.messages > this.nodeFull / 2) return;
    if (unsettled.messages > OUTBOX_MESSAGES / 2 || unsettled.bytes > OUTBOX_BYTES / 2) return;
    if ((!this.full && this.nodeFull === null) || this.ended) return;
    this.full = false;
    this.nodeFull = null;
    void call("onDrain", this.face.onDrain);
  }
}
