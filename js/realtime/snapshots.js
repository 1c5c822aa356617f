// SPDX-License-Identifier: MIT
// What the context makes of a log, as the node tells it: asked for, or followed.
import { Deferred, GoopError } from "./errors.js";

/**
 * @import { Conduit } from "./conduit.js"
 * @import { Hub } from "./hub.js"
 * @typedef {{ state: any, position: (number | string)[] }} Snapshot
 */

/** Only the newest waits for handlers, which are never called while one of them is at work. */
class Follower {
  /** @param {Conduit<any, any>} conduit */
  constructor(conduit) {
    this.conduit = conduit;
    /** @type {Snapshot | null} */
    this.newest = null;
    this.running = false;
  }

  /** @param {Snapshot} snapshot */
  async tell(snapshot) {
    this.newest = snapshot;
    if (this.running) return;
    this.running = true;
    for (let next; (next = this.newest); ) {
      this.newest = null;
      await this.conduit.emit("onSnapshot", next);
    }
    this.running = false;
  }
}

export class Snapshots {
  /** @param {Hub} hub */
  constructor(hub) {
    this.hub = hub;
    this.count = 0;
    /** Questions without an answer yet, by what they are called. @type {Map<string, { frame: object, answer: Deferred }>} */
    this.asked = new Map();
    /** By channel, or a room's handle. @type {Map<string, Follower>} */
    this.followers = new Map();
  }

  /** @param {string} channel @returns {Promise<any>} */
  ask(channel) {
    const ref = `snapshot-${++this.count}`;
    const answer = new Deferred();
    const frame = { type: "snapshot", channel, ref };
    this.asked.set(ref, { frame, answer });
    this.hub.line.start();
    if (this.hub.line.ready) this.#write(frame);
    return answer.promise;
  }

  /** Some script of the page has set its handler, or has none any more. @param {Conduit<any, any>} conduit */
  follow(conduit) {
    const channel = conduit.id;
    const watch = conduit.hears("onSnapshot");
    if (watch && !this.followers.has(channel)) this.followers.set(channel, new Follower(conduit));
    if (!watch && !this.followers.delete(channel)) return;
    this.hub.line.start();
    if (this.hub.line.ready) this.#write({ type: "snapshot", channel, watch });
  }

  /** A new connection. */
  again() {
    for (const { frame } of this.asked.values()) this.#write(frame);
    for (const [channel, { conduit }] of this.followers) {
      if (conduit.ended) this.followers.delete(channel);
      else this.#write({ type: "snapshot", channel, watch: true });
    }
  }

  /** The node is away. */
  cutOff() {
    for (const { answer } of this.asked.values()) answer.reject(new GoopError("node_unreachable"));
    this.asked.clear();
  }

  /** @param {any} frame `snapshot` */
  take({ channel, ref, state, position }) {
    if (ref !== undefined) this.#answered(ref)?.resolve({ state, position });
    else void this.followers.get(channel)?.tell({ state, position });
  }

  /** Whether an error answers a question. @param {any} frame @param {GoopError} error */
  refused({ ref }, error) {
    const answer = this.#answered(ref);
    answer?.reject(error);
    return answer !== undefined;
  }

  /** @param {string} ref */
  #answered(ref) {
    const question = this.asked.get(ref);
    this.asked.delete(ref);
    return question?.answer;
  }

  /** @param {object} frame */
  #write(frame) {
    this.hub.line.write(JSON.stringify(frame));
  }
}
