// SPDX-License-Identifier: MIT
// One stream of events for all tabs of an origin: a browser has six connections for all of them.
//
// The tab whose turn it is (turns.js) has the stream and tells the others what comes. When it is
// frozen or stored for "back", it lets go itself; and from one that hangs and does not answer, the
// turn is taken.
import { ClaimTurn, LockTurn } from "./turns.js";

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
    /** @type {import("./turns.js").Turn | null} */
    this.turn = null;
    /** @type {Record<"retry" | "ask" | "silent", ReturnType<typeof setTimeout> | undefined>} */
    this.timers = { retry: undefined, ask: undefined, silent: undefined };
    if (typeof addEventListener !== "function") return;
    addEventListener("visibilitychange", () => this.seen());
  }

  open() {
    if (this.opened) return;
    this.opened = true;
    this.begun = false;
    const others = channelOf(this.url);
    if (!others) return this.seen();
    others.onmessage = ({ data }) => this.heard(data);
    this.others = others;
    this.enter(Boolean(globalThis.navigator?.locks));
    this.ask();
  }

  close() {
    this.opened = false;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.end();
    this.turn?.leave();
    this.turn = null;
    this.others?.close();
    this.others = null;
  }

  // -- who has the stream

  /** @param {boolean} locks whether the browser has locks */
  enter(locks) {
    const owner = {
      won: () => {
        clearTimeout(this.timers.silent);
        this.timers.silent = undefined;
        this.listen();
      },
      lost: () => this.end(),
      refused: () => this.enter(false),
    };
    const post = (/** @type {any} */ told) => this.others?.postMessage(told);
    this.turn = locks ? new LockTurn(this.url, owner) : new ClaimTurn(this.me, post, owner);
    this.turn.enter(false);
  }

  /** Asks the tab that has the stream for what it knows, and whether it lives. */
  ask() {
    clearTimeout(this.timers.ask);
    this.timers.ask = setTimeout(() => this.ask(), ASK_MS);
    if (this.source || globalThis.document?.visibilityState === "hidden") return;
    this.others?.postMessage({ ask: this.me, begun: this.begun });
    this.timers.silent ??= setTimeout(() => {
      this.timers.silent = undefined;
      if (!this.turn?.holds) this.turn?.enter(true);
    }, SILENT_MS);
  }

  /** @param {any} told */
  heard(told) {
    if (this.turn?.heard(told)) return;
    if (told.ask) {
      if (!this.turn?.holds) return;
      this.turn.insist();
      const data = told.begun ? null : this.owner.snapshot();
      this.others?.postMessage({ to: told.ask, ...(data === null ? {} : { name: "snapshot", data }) });
      return;
    }
    clearTimeout(this.timers.silent);
    this.timers.silent = undefined;
    if (this.turn?.holds || (told.to && told.to !== this.me)) return;
    if (told.failed) return this.failed(told.why ?? null);
    if (!told.name || (told.to && this.begun)) return;
    this.begun ||= told.name === "snapshot";
    if (this.begun) this.owner.event(told.name, told.data);
  }

  /** Without a channel each tab has a stream of its own, for as long as it is seen. */
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
      // The browser comes back by itself, except where the node answered with an error.
      if (source.readyState !== 2 || this.source !== source) return this.failed(null, error);
      this.timers.retry = setTimeout(() => this.listen(), RETRY_MS);
      void refusal(this.url).then((why) => this.failed(why, error));
    };
  }

  /**
   * Tells that the stream broke, here and in the other tabs.
   * @param {{ detail: string, code: string } | null} why the node's words, where it refused
   * @param {unknown} [event]
   */
  failed(why, event = new Event("error")) {
    this.owner.failed(why ? Object.assign(new Error(why.detail), { code: why.code }) : event);
    if (this.source) this.others?.postMessage({ failed: true, why });
  }

  /** Lets go of the stream. */
  end() {
    clearTimeout(this.timers.retry);
    this.source?.close();
    this.source = null;
  }
}

/**
 * Why the node refuses a stream, of which a browser tells nothing; null where it does not.
 * @param {string} url
 */
async function refusal(url) {
  const asking = new AbortController();
  try {
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: asking.signal });
    const { detail, code } = answer.ok ? /** @type {any} */ ({}) : await answer.json();
    return detail ? { detail: String(detail), code: String(code) } : null;
  } catch {
    return null;
  } finally {
    asking.abort(); // it may be a stream that does not end
  }
}

/**
 * The channel of the tabs, or null where the browser has none, or gives none.
 * @param {string} name
 */
function channelOf(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
