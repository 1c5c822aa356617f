// SPDX-License-Identifier: MIT
// The one WebSocket of a document: it comes back by itself.
import { API } from "./asking.js";
import { Deferred } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 */

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

export class Line {
  /** @param {Hub} owner */
  constructor(owner) {
    this.owner = owner;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.failures = 0;
    this.asleep = false;
    /** Set by the first `subscribed` of each socket. */
    this.ready = false;
    /** @type {Deferred[]} */
    this.waiting = [];
    if (typeof addEventListener !== "function") return;
    // An open socket would keep the browser from storing the page for "back".
    addEventListener("pagehide", (event) => event.persisted && this.sleep());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
    // Timers of a hidden page may be held back for a minute.
    for (const event of ["online", "visibilitychange"]) addEventListener(event, () => this.hurry());
  }

  start() {
    if (!this.socket && this.timer === undefined && !this.asleep) this.open();
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
    const url = new URL(API + "connect", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => socket === this.socket && this.owner.opened();
    socket.onclose = ({ code }) => socket === this.socket && this.lost(code);
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      const frame = JSON.parse(data);
      if (frame.type === "subscribed") {
        this.ready = true;
        this.failures = 0;
        for (const deferred of this.waiting.splice(0)) deferred.resolve(undefined);
      }
      this.owner.frame(frame, data.length);
    };
  }

  /** @param {number} code */
  lost(code) {
    const tried = !this.ready;
    this.socket = null;
    this.ready = false;
    const limit = Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS);
    // Jitter, so that many pages do not come back to a restarted node at once.
    this.timer = setTimeout(() => this.open(), limit * (0.5 + Math.random() / 2));
    this.owner.lost(code, tried);
  }

  /** Hangs up and takes the line up again at once: the node resumes from our cursors. */
  restart() {
    this.sleep();
    this.wake();
  }

  sleep() {
    const wanted = this.socket ?? this.timer;
    if (wanted === null || wanted === undefined) return;
    const socket = this.socket;
    this.asleep = true;
    this.socket = null;
    this.ready = false;
    this.hold();
    socket?.close();
  }

  wake() {
    if (!this.asleep) return;
    this.asleep = false;
    this.open();
  }

  hurry() {
    if (this.timer === undefined) return;
    this.hold();
    this.open();
  }

  hold() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /**
   * @param {string} text
   * @returns {boolean} whether it left
   */
  write(text) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(text);
    return true;
  }
}
