// SPDX-License-Identifier: MIT
// What a channel and a room have in common, inside: who hears of it, who waits for it, how full it is.
import { Deferred, GoopError, allWell, call, report } from "./errors.js";
import { Fleeting } from "./fleeting.js";
import { metaOf } from "./history.js";
import { OUTBOX_BYTES, OUTBOX_MESSAGES } from "./outbox.js";
import { Pace, USUAL_PACE } from "./pace.js";

/**
 * @import { Kind } from "./fleeting.js"
 * @import { Hub } from "./hub.js"
 * @import { Sent } from "./outbox.js"
 */

/** How long a full node is left alone when no receipt can tell that it has room again. */
const DRAIN_MS = 1_000;

/** What a node takes unless it says otherwise. */
const USUAL_LIMITS = { messageBytes: 64 * 1024, signalBytes: 4 * 1024, ...USUAL_PACE };

/** What one script of the page has assigned to its channel or room. */
export class Listener {
  constructor() {
    /** @type {Record<string, any>} handlers by name */
    this.handlers = {};
    /** A change of state came while there was no handler for it. */
    this.missedState = false;
    /** Members of a room that `onMemberJoin` has been called for. @type {Set<string>} */
    this.greeted = new Set();
  }
}

/**
 * @template {string} State
 * @template {object} Detail
 */
export class Conduit {
  /**
   * @param {string} id
   * @param {Hub} hub
   * @param {State} state  where it begins
   * @param {Detail} detail
   * @param {{ frame: "close" | "leave", code: "closed" | "left" }} end  what ends it, and why nothing is sent then
   */
  constructor(id, hub, state, detail, end) {
    this.id = id;
    this.hub = hub;
    this.context = "";
    this.version = "";
    this.state = state;
    this.detail = detail;
    this.endsBy = end;
    /** @type {Listener[]} */
    this.listeners = [];
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
    /** @type {"log" | "best-effort"} */
    this.delivery = "log";
    this.limits = USUAL_LIMITS;
    this.pace = new Pace();
    /** Types that are not ordered. @type {Record<string, Kind>} */
    this.kinds = {};
    this.fleeting = new Fleeting(this);
  }

  /** @param {any} row of an endpoint, or a frame about the state */
  limit(row) {
    this.kinds = row.messages ?? this.kinds;
    if (!row.limits) return;
    this.limits = row.limits;
    this.pace.limit(row.limits);
  }

  // -- handlers of the page

  /** Whether some script of the page has a handler of this name. @param {string} name */
  hears(name) {
    return this.listeners.some(({ handlers }) => typeof handlers[name] === "function");
  }

  /**
   * Calls the handlers of this name.
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<boolean> | boolean} whether all returned in good order
   */
  emit(name, ...args) {
    return allWell(this.listeners.map(({ handlers }) => call(name, handlers[name], ...args)));
  }

  /** @param {GoopError} error */
  error(error) {
    if (this.hears("onError")) void this.emit("onError", error);
    else report(`${this.words()}:`, error);
  }

  /**
   * Calls the handlers of messages.
   * @param {any} frame
   * @returns {Promise<boolean> | boolean}
   */
  handOut(frame) {
    return this.emit("onMessage", frame.data, metaOf(frame));
  }

  /** What it is called in the console. */
  words() {
    return `channel ${this.id} (${this.context || "no context"})`;
  }

  /**
   * @param {State} state
   * @param {Detail} detail
   */
  change(state, detail) {
    if (state === this.state && JSON.stringify(detail) === JSON.stringify(this.detail)) return;
    this.state = state;
    this.detail = Object.freeze(detail);
    for (const listener of this.listeners) listener.missedState = !listener.handlers.onStateChange;
    void this.emit("onStateChange", state, this.detail);
  }

  // -- its beginning and its end

  /** Whether whoever waits for it has it. */
  isOpen() {
    return false;
  }

  /** @returns {any} it, as a script of the page gets it */
  hand() {}

  /** @returns {Promise<any>} once it is open; it rejects with the reason why it ended before */
  async opened() {
    return (await this.whenOpen()).hand();
  }

  /** @returns {Promise<Conduit<any, any>>} it, or what has taken its place */
  whenOpen() {
    const opener = new Deferred();
    if (this.ended) opener.reject(this.ended);
    else if (this.isOpen()) opener.resolve(this);
    else this.openers.push(opener);
    return opener.promise;
  }

  tellOpeners() {
    if (this.isOpen()) for (const opener of this.openers.splice(0)) opener.resolve(this);
  }

  /** @param {GoopError} error */
  end(error) {
    this.ended = error;
    for (const opener of this.openers.splice(0)) opener.reject(error);
    this.over.resolve(undefined);
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
    this.hub.line.write(JSON.stringify({ type: this.endsBy.frame, channel: this.id }));
  }

  // -- how full it is

  /**
   * @param {any} data
   * @param {{ timeout?: number }} [options]
   * @returns {any}
   */
  send(data, options) {
    const type = data?.type;
    if (typeof type === "string" && Object.hasOwn(this.kinds, type)) return this.fleeting.send(data, this.kinds[type]);
    return this.hub.outbox.send(this, data, options);
  }

  /** There is somebody who can take what is sent now or never. */
  takesSignals() {
    return false;
  }

  /** A number for the next send: each page counts its messages. */
  nextNumber() {
    return ++this.hub.outbox.counter;
  }

  /** What the page is given of a send, beside what it is for channels and rooms alike. @param {Sent} _sent @returns {object} */
  more(_sent) {
    return {};
  }

  /** @param {Sent} _sent  all has been said of it */
  succeeded(_sent) {}

  /** Ids whose fate a new connection asks for, beside those in the outbox. @returns {string[]} */
  questions() {
    return [];
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
    void this.emit("onDrain");
  }
}
