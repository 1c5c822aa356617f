// SPDX-License-Identifier: MIT
// Pages that watch a context: told that something of it has changed, wherever that was done.
import { KINDS, check } from "../shared/checks.js";
import { call } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 */

/** One handler: never run twice at once; what comes meanwhile is one more run behind it. */
class Watcher {
  /** @param {unknown} handler */
  constructor(handler) {
    this.handler = handler;
    this.ended = false;
    this.running = false;
    this.again = false;
  }

  async run() {
    this.again = true;
    if (this.running) return;
    this.running = true;
    while (this.again && !this.ended) {
      this.again = false;
      await call("the handler of watch()", this.handler);
    }
    this.running = false;
  }
}

export class Watching {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    /** @type {Map<string, Set<Watcher>>} by context */
    this.watchers = new Map();
  }

  /** What a `subscribe` says of it. */
  get wanted() {
    return this.watchers.size > 0 ? { watch: [...this.watchers.keys()] } : {};
  }

  /**
   * @param {string} context
   * @param {() => unknown} onChange
   * @returns {() => void}
   */
  watch(context, onChange) {
    check("watch(context, onChange): context", context, KINDS.NAME);
    check("watch(context, onChange): onChange", onChange, KINDS.HANDLER);
    const watcher = new Watcher(onChange);
    const set = this.watchers.get(context) ?? new Set();
    this.watchers.set(context, set.add(watcher));
    this.hub.line.start();
    // Before the line is ready, what opens it says so.
    if (this.hub.line.ready) this.hub.subscribe({ channels: [], ...this.wanted });
    return () => {
      watcher.ended = true;
      set.delete(watcher);
      if (set.size === 0) this.watchers.delete(context);
    };
  }

  /** Something has changed in these contexts, or may have. @param {string[]} contexts */
  changed(contexts) {
    for (const context of contexts) for (const watcher of this.watchers.get(context) ?? []) void watcher.run();
  }
}
