// SPDX-License-Identifier: MIT
// What carries frames between a page and its node: a WebSocket, or server-sent events and POST.
import { API, PAGE, ask, sizeOf } from "./asking.js";
import { call } from "./errors.js";

/**
 * Told of what happens on a wire, until it is closed by us.
 * @typedef {{ opened(): void, frame(frame: any, size: number): void, closed(code: number): void }} WireOwner
 */

/**
 * `write`: whether it takes the frame; of those with the same `newest` that wait, one is kept.
 * @typedef {{ owner: WireOwner | null, write(text: string, newest?: string): boolean, close(): void }} Wire
 */

/** @implements {Wire} */
export class SocketWire {
  /** Throws where the browser, or what stands in its way, has no WebSockets. @param {WireOwner} owner */
  constructor(owner) {
    /** @type {WireOwner | null} */
    this.owner = owner;
    const url = new URL(API + "connect", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onopen = () => this.owner?.opened();
    this.socket.onclose = ({ code }) => this.owner?.closed(code);
    this.socket.onmessage = ({ data }) => this.received(data);
  }

  /** One frame, or an array of them. @param {string} data */
  received(data) {
    const frames = [JSON.parse(data)].flat();
    // One that fails must not take those behind it away: they would be a silent hole.
    for (const frame of frames) call("a frame", () => this.owner?.frame(frame, data.length / frames.length));
  }

  /** @param {string} text */
  write(text) {
    if (this.socket.readyState !== 1) return false;
    this.socket.send(text);
    return true;
  }

  close() {
    this.owner = null;
    this.socket.close();
  }
}

/** What one POST holds at most; the node takes 256 KiB. */
const POST_BYTES = 160 * 1024;

/** @implements {Wire} */
export class EventWire {
  /** @param {WireOwner} owner */
  constructor(owner) {
    /** @type {WireOwner | null} */
    this.owner = owner;
    /** @type {{ text: string, newest: string | undefined }[]} */
    this.queue = [];
    this.posting = false;
    this.source = new EventSource(`${API}events?page=${PAGE}`);
    this.source.addEventListener("open", () => this.owner?.opened());
    this.source.addEventListener("message", ({ data }) => this.owner?.frame(JSON.parse(data), data.length));
    this.source.addEventListener("end", (event) => this.fail(JSON.parse(/** @type {any} */ (event).data).code));
    this.source.addEventListener("error", () => this.fail(1006));
  }

  /**
   * @param {string} text
   * @param {string} [newest]
   */
  write(text, newest) {
    if (!this.owner) return false;
    if (newest) this.queue = this.queue.filter((waiting) => waiting.newest !== newest);
    this.queue.push({ text, newest });
    if (!this.posting) void this.post();
    return true;
  }

  /** One POST at a time keeps the frames in order; what comes meanwhile shares the next one. */
  async post() {
    this.posting = true;
    // Whatever the page does in this turn belongs together.
    await Promise.resolve();
    while (this.owner && this.queue.length > 0) {
      /** @type {string[]} */
      const frames = [];
      for (let size = 0; this.queue.length > 0; ) {
        size += sizeOf(this.queue[0].text) + 1;
        if (frames.length > 0 && size > POST_BYTES) break;
        frames.push(/** @type {any} */ (this.queue.shift()).text);
      }
      try {
        await ask("frames", `{"page":"${PAGE}","frames":[${frames}]}`);
      } catch {
        this.fail(1006); // sent again on the next wire
      }
    }
    this.posting = false;
  }

  /** @param {number} code */
  fail(code) {
    const { owner } = this;
    this.close();
    owner?.closed(code);
  }

  close() {
    this.owner = null;
    this.queue = [];
    this.source.close();
  }
}
