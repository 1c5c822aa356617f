// SPDX-License-Identifier: MIT
// Messages of one channel that wait for the page.
import { report } from "./errors.js";
import { Inbox, always } from "./inbox.js";

/**
 * @import { ChannelConduit } from "./channel-conduit.js"
 * @import { Place } from "./inbox.js"
 */

export class ChannelInbox extends Inbox {
  /** @param {ChannelConduit} conduit */
  constructor(conduit) {
    super(conduit);
    this.conduit = conduit;
    /** The last received. @type {Place | null} */
    this.after = null;
    /** The node has been asked to begin again at the log's start, and has not answered. */
    this.rewinding = false;
  }

  /**
   * @override
   * @param {Place} one
   * @param {Place | null} other
   */
  isAfter(one, other) {
    return !other || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
  }

  /** Has everything that the node still holds told again, from the start of the log. */
  rewind() {
    if (this.conduit.ended) return;
    this.rewinding = true;
    this.forget();
    this.conduit.hub.subscribe({ channels: [this.conduit.id], since: { [this.conduit.id]: "start" } });
  }

  /** What comes from now on begins at the start. */
  rewound() {
    this.rewinding = false;
    this.forget();
  }

  forget() {
    this.after = this.handled = null;
    this.failed = [];
    this.told = 0;
    this.drop(always);
  }

  /**
   * @param {any} frame
   * @param {number} bytes
   */
  receive(frame, bytes) {
    /** @type {Place | null} */
    const at = typeof frame.seq === "number" ? [frame.epoch ?? 0, frame.seq] : null;
    if (this.rewinding || (at && !this.isAfter(at, this.after))) return; // told again, or told before
    if (!this.takes(bytes)) return;
    if (at) this.after = at;
    const { conduit } = this;
    this.add({
      bytes,
      at,
      name: "onMessage",
      ready: () => conduit.hears("onMessage"),
      run: () => conduit.handOut(frame),
    });
  }

  /** @param {any} frame */
  gap(frame) {
    if (this.rewinding) return;
    const place = (/** @type {any} */ pair) => (Array.isArray(pair) ? pair : null);
    const gap = { from: place(frame.from), to: place(frame.to) };
    if (gap.to && this.isAfter(gap.to, this.after)) this.after = gap.to;
    const { conduit } = this;
    const run = () => {
      if (conduit.hears("onGap")) return conduit.emit("onGap", gap);
      report(`channel ${conduit.id}: messages are gone`, gap);
      return true;
    };
    this.add({ bytes: 0, at: gap.to, name: "onGap", ready: always, run });
  }
}
