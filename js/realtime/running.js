// SPDX-License-Identifier: MIT
// What runs and what waits for the person, as the node tells the pages that follow it.
import { KINDS, check } from "../shared/checks.js";
import { call } from "./errors.js";

/** @typedef {{ onRows: unknown, notifies: boolean }} Follower */

export class Running {
  /** @param {(body: object) => void} subscribe  says something to the node, where it is there */
  constructor(subscribe) {
    this.subscribe = subscribe;
    /** @type {Map<string, GoopRunning>} by channel id */
    this.rows = new Map();
    /** Whether the node has told all of it. */
    this.complete = false;
    /** @type {Set<Follower>} */
    this.followers = new Set();
    if (typeof addEventListener === "function") {
      addEventListener("visibilitychange", () => this.followers.size > 0 && this.say());
    }
  }

  /** What the node has to know of this page; nothing where nobody follows. */
  wish() {
    if (this.followers.size === 0) return {};
    const visible = globalThis.document?.visibilityState !== "hidden";
    return { running: { visible, notifies: [...this.followers].some((one) => one.notifies) } };
  }

  say() {
    this.subscribe({ channels: [], running: false, ...this.wish() });
  }

  /**
   * @param {unknown} onRows
   * @returns {GoopFollowing}
   */
  follow(onRows) {
    check("running(onRows): onRows", onRows, KINDS.HANDLER);
    /** @type {Follower} */
    const follower = { onRows, notifies: false };
    this.followers.add(follower);
    if (this.complete) void call("running", onRows, [...this.rows.values()], []);
    else this.say();
    const running = this;
    return {
      get notifies() {
        return follower.notifies;
      },
      set notifies(value) {
        if (follower.notifies === value) return;
        follower.notifies = value;
        running.say();
      },
      stop() {
        if (!running.followers.delete(follower) || running.followers.size > 0) return;
        running.complete = false;
        running.say();
      },
    };
  }

  /** @param {{ rows: GoopRunning[], whole: boolean }} frame */
  take({ rows, whole }) {
    const before = whole ? this.rows : new Map();
    if (whole) this.rows = new Map();
    this.complete = true;
    const ended = [];
    for (const row of rows) {
      const known = this.rows.get(row.channelId) ?? before.get(row.channelId);
      before.delete(row.channelId);
      if (row.state === "ended") {
        this.rows.delete(row.channelId);
        ended.push({ ...known, ...row });
      } else this.rows.set(row.channelId, row);
    }
    // What went while nobody could say so.
    for (const row of before.values()) ended.push({ ...row, state: "ended", ended: false });
    for (const { onRows } of [...this.followers]) void call("running", onRows, [...this.rows.values()], ended);
  }
}
