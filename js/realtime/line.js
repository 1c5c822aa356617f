// SPDX-License-Identifier: MIT
// The one line between a document and its node: it comes back by itself, over what works.
import { ask } from "./asking.js";
import { Deferred } from "./errors.js";
import { EventWire, SocketWire } from "./wires.js";

/**
 * @import { GoopError } from "./errors.js"
 * @import { Hub } from "./hub.js"
 * @import { Wire } from "./wires.js"
 */

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;
/** So many WebSockets in a row that came to nothing, and events are tried. */
const SOCKET_TRIES = 3;
/** How long all of them together may take until frames flow both ways: nobody may answer them. */
const SOCKET_PATIENCE_MS = 3_000;
/** How long events may take: behind them there is nothing else to try. */
const EVENT_PATIENCE_MS = 10_000;
/** A WebSocket that lives that long is no failed attempt. */
const STEADY_MS = 1_000;
/** While events carry the frames, a WebSocket is tried so often, ever more rarely. */
const FIRST_PROBE_MS = 1_000;
const LAST_PROBE_MS = 60_000;

/** @typedef {ReturnType<typeof setTimeout> | undefined} Timer */

export class Line {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    /** @type {Wire | null} */
    this.wire = null;
    /** A WebSocket that has to prove itself before it takes the place of events. @type {Wire | null} */
    this.candidate = null;
    /** @type {Timer} until the next attempt */
    this.timer = undefined;
    /** @type {Timer} until the next candidate */
    this.probing = undefined;
    /** @type {Timer} until we lose patience with WebSockets */
    this.patience = undefined;
    /** @type {Timer} first until we lose patience with the wire, then until it is steady */
    this.watch = undefined;
    this.failures = 0;
    this.refusals = 0;
    this.probes = 0;
    this.asleep = false;
    /** Why the node refuses this page, as it was told last. */
    this.reason = "";
    /** Set by the first `subscribed` of each wire. */
    this.ready = false;
    /** @type {Deferred[]} */
    this.waiting = [];
    if (typeof addEventListener !== "function") return;
    // An open line would keep the browser from storing the page for "back", or from freezing it.
    // Firefox has decided before it tells: it loads such a page again.
    addEventListener("pagehide", (event) => event.persisted && this.sleep());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
    addEventListener("freeze", () => this.sleep());
    addEventListener("resume", () => this.wake());
    // Timers of a hidden page may be held back for a minute.
    for (const event of ["online", "visibilitychange"]) addEventListener(event, () => this.hurry());
  }

  start() {
    if (!this.wire && this.timer === undefined && !this.asleep) this.open();
  }

  /** @returns {Promise<void>} when frames flow both ways */
  whenReady() {
    this.start();
    if (this.ready) return Promise.resolve();
    const deferred = new Deferred();
    this.waiting.push(deferred);
    return deferred.promise;
  }

  open() {
    this.timer = undefined;
    const Kind = this.refusals < SOCKET_TRIES ? SocketWire : EventWire;
    if (Kind === SocketWire) this.patience ??= setTimeout(() => this.weary(), SOCKET_PATIENCE_MS);
    else this.watch = setTimeout(() => this.closed(1006), EVENT_PATIENCE_MS);
    try {
      this.wire = new Kind(this);
    } catch {
      if (Kind === SocketWire) this.refusals = SOCKET_TRIES;
      this.closed(1006);
    }
  }

  /** Of a refused WebSocket or stream a browser does not say more than that; a request tells why. */
  async why() {
    try {
      await ask("channels");
    } catch (/** @type {any} */ error) {
      // Without a status the node is away, and with 5xx it may be well again soon.
      if (!(error.status >= 400 && error.status < 500) || this.ready) return;
      this.refused(error);
    }
  }

  /** Whoever waits is told; the page itself once. @param {any} error */
  refused(error) {
    for (const deferred of this.waiting.splice(0)) deferred.reject(error);
    if (error.code !== this.reason) this.hub.tell(error);
    this.reason = error.code;
  }

  /** WebSockets have had their time. */
  weary() {
    this.patience = undefined;
    this.refusals = SOCKET_TRIES;
    if (this.wire) this.closed(1006);
  }

  settled() {
    clearTimeout(this.patience);
    this.patience = undefined;
  }

  // -- the wire's owner

  opened() {
    this.hub.opened();
  }

  /**
   * @param {any} frame
   * @param {number} size
   */
  frame(frame, size) {
    if (frame.type === "subscribed" && !this.ready) this.proven();
    // Before it, frames may come that belong behind what an older wire was carrying: the answer
    // to our subscription tells them again, in their place.
    if (this.ready || frame.type === "error") this.hub.frame(frame, size);
  }

  proven() {
    this.ready = true;
    this.failures = 0;
    this.reason = "";
    clearTimeout(this.watch);
    this.settled();
    if (this.wire instanceof EventWire) this.probeLater();
    else this.watch = setTimeout(() => this.steady(), STEADY_MS);
    for (const deferred of this.waiting.splice(0)) deferred.resolve(undefined);
  }

  steady() {
    this.refusals = 0;
    this.probes = 0;
  }

  /**
   * @param {number} code
   * @param {GoopError} [why]
   */
  closed(code, why) {
    const tried = !this.ready;
    // Where events fail as well, the node is away, and nothing is wrong with WebSockets.
    if (this.wire instanceof EventWire) {
      this.refusals = 0;
      if (why) this.refused(why);
      else if (tried) void this.why();
    } else if (++this.refusals >= SOCKET_TRIES) this.settled();
    this.drop();
    const limit = Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS);
    // Jitter, so that many pages do not come back to a restarted node at once.
    this.timer = setTimeout(() => this.open(), limit * (0.5 + Math.random() / 2));
    this.hub.lost(code, tried);
  }

  drop() {
    for (const timer of [this.timer, this.watch, this.probing]) clearTimeout(timer);
    this.timer = this.watch = this.probing = undefined;
    this.candidate?.close();
    this.wire?.close();
    this.candidate = this.wire = null;
    this.ready = false;
  }

  // -- back to a WebSocket

  probeLater() {
    this.candidate?.close();
    this.candidate = null;
    const delay = Math.min(FIRST_PROBE_MS * 2 ** this.probes++, LAST_PROBE_MS);
    this.probing = setTimeout(() => this.probe(), delay * (0.5 + Math.random() / 2));
  }

  /** The events go on until frames have gone both ways over the new WebSocket. */
  probe() {
    clearTimeout(this.probing);
    this.probing = setTimeout(() => this.probeLater(), EVENT_PATIENCE_MS);
    const failed = () => {
      clearTimeout(this.probing);
      this.probeLater();
    };
    try {
      const wire = new SocketWire({
        opened: () => wire.write('{"type":"subscribe","channels":[]}'),
        frame: ({ type }) => type === "subscribed" && this.change(wire),
        closed: failed,
      });
      this.candidate = wire;
    } catch {
      failed();
    }
  }

  /** @param {SocketWire} wire */
  change(wire) {
    const events = this.wire;
    this.candidate = null;
    wire.owner = this;
    this.wire = wire;
    this.ready = false;
    for (const timer of [this.probing, this.watch]) clearTimeout(timer);
    this.probing = undefined;
    this.watch = setTimeout(() => this.closed(1006), SOCKET_PATIENCE_MS);
    this.hub.opened();
    events?.close();
  }

  // -- what happens to the document

  /** Hangs up and takes the line up again at once: the node resumes from our cursors. */
  restart() {
    this.sleep();
    this.wake();
  }

  sleep() {
    if (!this.wire && this.timer === undefined) return;
    this.asleep = true;
    this.settled();
    this.drop();
  }

  wake() {
    if (!this.asleep) return;
    this.asleep = false;
    this.open();
  }

  /** What waits for its time is tried now. */
  hurry() {
    if (this.timer !== undefined) {
      clearTimeout(this.timer);
      this.open();
    } else if (this.probing !== undefined && !this.candidate) {
      this.probe();
    }
  }

  /**
   * @param {string} text
   * @param {string} [newest] of the frames with this word that still wait, the newest stays
   * @returns {boolean} whether it left
   */
  write(text, newest) {
    return this.wire?.write(text, newest) === true;
  }
}
