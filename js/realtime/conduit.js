// SPDX-License-Identifier: MIT
// One channel, inside: its state, and the messages that wait for its handlers.
import { Channel } from "./channel.js";
import { Deferred, GoopError, call, report } from "./errors.js";
import { OUTBOX_BYTES, OUTBOX_MESSAGES } from "./outbox.js";

/**
 * @import { Line } from "./line.js"
 * @import { Outbox } from "./outbox.js"
 */

const HANDLER_PATIENCE_MS = 10_000;
/** What may wait here for the page's handler; the node keeps what is beyond it. */
const INBOX_MESSAGES = 10_000;
const INBOX_BYTES = 4 * 1024 * 1024;

/** How long receipts may follow the close of their channel. */
const LAST_RECEIPTS_MS = 5_000;

/** @type {GoopDetail} */
export const NO_DETAIL = { code: null, reason: null, final: false, suspended: false, peerPage: null };

/**
 * Where an entry stands in its channel's log.
 * @typedef {[epoch: number, seq: number]} Place
 */

/**
 * @param {Place} one
 * @param {Place | null} other
 */
const isAfter = (one, other) => !other || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);

/** What happens inside a channel; `Channel` is the face of it that the page sees. */
export class Conduit {
  /**
   * @param {string} id
   * @param {{ outbox: Outbox, line: Line, acknowledge(conduit: Conduit): void }} hub
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
    /** Sends that the node has not accepted. */
    this.waiting = { messages: 0, bytes: 0 };
    this.full = false;
    /** @type {{ bytes: number, at: Place | null, name: string, handler(): unknown, args: unknown[] }[]} */
    this.inbox = [];
    this.inboxBytes = 0;
    this.overflowed = false;
    this.busy = false;
    /** @type {Place | null} the last received and the last that a handler is done with */
    this.after = null;
    /** @type {Place | null} */
    this.handled = null;
    this.missedState = false;
    this.face = new Channel(this);
  }

  /** @param {any} row a channel row of an endpoint, or a `state` frame */
  describe(row) {
    for (const key of /** @type {const} */ (["peerId", "peerLabel", "context", "params", "delivery"])) {
      if (row[key] !== undefined && row[key] !== null) /** @type {any} */ (this)[key] = row[key];
    }
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
      if ((this.busy || this.inbox.length > 0) && this.face.onMessage) {
        const handler = () => () => this.change(row.state, detail);
        this.inbox.push({ bytes: 0, at: null, name: "", handler, args: [] });
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
   * @param {number} messages
   * @param {number} bytes
   */
  waits(messages, bytes) {
    const { waiting } = this;
    waiting.messages += messages;
    waiting.bytes += bytes;
    if (waiting.messages > OUTBOX_MESSAGES / 2 || waiting.bytes > OUTBOX_BYTES / 2) this.full = true;
    else if (this.full && waiting.messages < OUTBOX_MESSAGES / 4 && waiting.bytes < OUTBOX_BYTES / 4) {
      this.full = false;
      if (!this.ended) void call("onDrain", this.face.onDrain);
    }
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  receive(frame, bytes) {
    /** @type {Place | null} */
    const at = typeof frame.seq === "number" ? [frame.epoch ?? 0, frame.seq] : null;
    if (at && !isAfter(at, this.after)) return; // replayed
    if (this.overflowed || this.inbox.length >= INBOX_MESSAGES || this.inboxBytes + bytes > INBOX_BYTES) {
      this.overflowed = true;
      return;
    }
    if (at) this.after = at;
    const { id, from, sentAt, redelivered } = frame;
    const meta = { id, seq: frame.seq ?? 0, sentAt, redelivered: redelivered === true, from };
    this.inboxBytes += bytes;
    this.inbox.push({ bytes, at, name: "onMessage", handler: () => this.face.onMessage, args: [frame.data, meta] });
    this.run();
  }

  /** @param {any} frame */
  gap(frame) {
    const place = (/** @type {any} */ pair) => (Array.isArray(pair) ? pair : null);
    const from = place(frame.from);
    const to = /** @type {Place | null} */ (place(frame.to));
    if (to && isAfter(to, this.after)) this.after = to;
    const handler = () => this.face.onGap ?? (() => report(`channel ${this.id}: messages are gone`, { from, to }));
    this.inbox.push({ bytes: 0, at: to, name: "onGap", handler, args: [{ from, to }] });
    this.run();
  }

  /** Hands out what waits, one after the other, for as long as there is a handler for it. */
  run() {
    while (!this.busy && this.inbox.length > 0) {
      const { bytes, at, name, handler, args } = this.inbox[0];
      const target = handler();
      if (typeof target !== "function") return;
      this.inbox.shift();
      this.inboxBytes -= bytes;
      this.busy = true;
      const pending = call(name, target, ...args);
      if (pending) return this.wait(pending, at, name);
      this.busy = false;
      this.done(at);
    }
    if (this.overflowed && this.inbox.length === 0) {
      this.overflowed = false;
      this.hub.line.restart();
    }
  }

  /**
   * @param {Promise<void>} pending
   * @param {Place | null} at
   * @param {string} name
   */
  wait(pending, at, name) {
    let blocking = true;
    const goOn = () => {
      if (!blocking) return;
      blocking = false;
      clearTimeout(timer);
      this.busy = false;
      this.run();
    };
    const timer = setTimeout(() => {
      console.warn(
        `Goop.realtime: ${name} of channel ${this.id} (${this.context || "no context"}) has been ` +
          `pending for ${HANDLER_PATIENCE_MS / 1000} s; the next message does not wait for it`,
      );
      goOn();
    }, HANDLER_PATIENCE_MS);
    void pending.then(() => {
      this.done(at);
      goOn();
    });
  }

  /** @param {Place | null} at */
  done(at) {
    if (!at || !isAfter(at, this.handled)) return;
    this.handled = at;
    this.hub.acknowledge(this);
  }
}
