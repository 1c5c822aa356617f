// SPDX-License-Identifier: MIT
// One stream of events for all tabs of an origin: a browser has six connections for all of them.
//
// The tab that holds a lock has the stream and tells the others what comes. The browser gives the
// lock on when that tab closes or crashes; when it is frozen or stored for "back", it lets go
// itself; and from one that hangs and does not answer, the lock is taken.

const RETRY_MS = 2_000;
/** How often a tab that is seen asks whether the one with the stream still lives. */
const ASK_MS = 10_000;
/** How long that may take. */
const SILENT_MS = 3_000;

/**
 * Told of what comes. `snapshot`: what a tab that comes later has to know first, or `null`.
 * @typedef {{ event(name: string, data: any): void, failed(error: unknown): void, snapshot(): any }} StreamOwner
 */

export class TabStream {
  /**
   * @param {string} url
   * @param {string[]} names the events
   * @param {StreamOwner} owner
   */
  constructor(url, names, owner) {
    this.url = url;
    this.names = names;
    this.owner = owner;
    this.me = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.opened = false;
    /** Whether the others' events may be told: behind a snapshot. */
    this.begun = false;
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {BroadcastChannel | null} */
    this.others = null;
    /** Gives the lock on. @type {(() => void) | null} */
    this.release = null;
    /** @type {AbortController | null} */
    this.queued = null;
    /** @type {Record<"retry" | "ask" | "silent", ReturnType<typeof setTimeout> | undefined>} */
    this.timers = { retry: undefined, ask: undefined, silent: undefined };
    if (typeof addEventListener !== "function") return;
    addEventListener("visibilitychange", () => this.seen());
  }

  open() {
    if (this.opened) return;
    this.opened = true;
    this.begun = false;
    // Browsers have locks only on addresses that they trust; loopback is one.
    if (!globalThis.navigator?.locks || typeof BroadcastChannel !== "function") return this.seen();
    const others = new BroadcastChannel(this.url);
    others.onmessage = ({ data }) => this.heard(data);
    this.others = others;
    this.queue(false);
    this.ask();
  }

  close() {
    this.opened = false;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.queued?.abort();
    this.end();
    this.others?.close();
    this.others = null;
  }

  // -- who has the stream

  /** @param {boolean} steal whether not to wait until it is free */
  queue(steal) {
    this.queued?.abort();
    const queued = new AbortController();
    this.queued = queued;
    const current = () => this.opened && this.queued === queued;
    const options = steal ? { steal } : { signal: queued.signal };
    const held = navigator.locks.request(this.url, options, () => {
      if (!current()) return undefined;
      clearTimeout(this.timers.silent);
      this.listen();
      return new Promise((resolve) => (this.release = () => resolve(undefined)));
    });
    // Taken by another tab, which had no answer from this one.
    held.catch(() => {
      if (!current()) return;
      this.end();
      this.queue(false);
    });
  }

  /** Asks the tab that has the stream for what it knows, and whether it lives. */
  ask() {
    clearTimeout(this.timers.ask);
    this.timers.ask = setTimeout(() => this.ask(), ASK_MS);
    if (this.source || globalThis.document?.visibilityState === "hidden") return;
    this.others?.postMessage({ ask: this.me, begun: this.begun });
    this.timers.silent ??= setTimeout(() => {
      this.timers.silent = undefined;
      if (this.opened && !this.release) this.queue(true);
    }, SILENT_MS);
  }

  /** @param {any} told */
  heard(told) {
    if (told.ask) {
      if (!this.release) return;
      const data = told.begun ? null : this.owner.snapshot();
      this.others?.postMessage({ to: told.ask, ...(data === null ? {} : { name: "snapshot", data }) });
      return;
    }
    clearTimeout(this.timers.silent);
    this.timers.silent = undefined;
    if (this.release || (told.to && told.to !== this.me)) return;
    if (told.failed) return this.owner.failed(new Event("error"));
    if (!told.name || (told.to && this.begun)) return;
    this.begun ||= told.name === "snapshot";
    if (this.begun) this.owner.event(told.name, told.data);
  }

  /** Without locks each tab has a stream of its own, for as long as it is seen. */
  seen() {
    if (!this.opened) return;
    if (this.others) this.ask();
    else if (globalThis.document?.visibilityState === "hidden") this.end();
    else if (!this.source) this.listen();
  }

  // -- the stream

  listen() {
    const source = new EventSource(this.url);
    this.source = source;
    for (const name of this.names) {
      source.addEventListener(name, ({ data }) => {
        this.owner.event(name, JSON.parse(data));
        this.others?.postMessage({ name, data: JSON.parse(data) });
      });
    }
    source.onerror = (error) => {
      this.owner.failed(error);
      this.others?.postMessage({ failed: true });
      // The browser comes back by itself, except where the node answered with an error.
      if (source.readyState !== 2 || this.source !== source) return;
      this.timers.retry = setTimeout(() => this.listen(), RETRY_MS);
    };
  }

  /** Lets go of the stream. */
  end() {
    clearTimeout(this.timers.retry);
    this.source?.close();
    this.source = null;
    this.release?.();
    this.release = null;
  }
}
