// SPDX-License-Identifier: MIT
// What carries frames between a page and its node: a WebSocket, or server-sent events and POST.
import { API, PAGE, ask, sizeOf } from "./asking.js";
import { GoopError, call } from "./errors.js";

/**
 * Told of what happens on a wire, until it is closed by us.
 * @typedef {{ opened(): void, frame(frame: any, size: number): void, closed(code: number, why?: GoopError): void }} WireOwner
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
/** Tabs of an origin that may have a stream. A browser has six connections for all that they ask. */
const STREAMS = 4;

/**
 * A place among the tabs with a stream, for as long as the tab lives or until it gives it up.
 * @returns {Promise<(() => void) | null>} what gives it up, or null where all are taken
 */
async function streamPlace() {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => {};
  for (let n = 1; n <= STREAMS; n++) {
    /** @type {(() => void) | null} */
    const place = await new Promise((found) => {
      const hold = (/** @type {Lock | null} */ lock) => {
        if (lock) return new Promise((leave) => found(() => leave(undefined)));
        found(null);
        return undefined;
      };
      // Where what pages keep is blocked, there are no locks either, and nobody counts.
      locks.request(`${API}events-${n}`, { ifAvailable: true }, hold).catch(() => found(() => {}));
    });
    if (place) return place;
  }
  return null;
}

/** @implements {Wire} */
export class EventWire {
  /** @param {WireOwner} owner */
  constructor(owner) {
    /** @type {WireOwner | null} */
    this.owner = owner;
    /** @type {{ text: string, newest: string | undefined }[]} */
    this.queue = [];
    this.posting = false;
    /** @type {EventSource | null} */
    this.source = null;
    this.leave = () => {};
    void this.open();
  }

  async open() {
    const leave = await streamPlace();
    if (!leave) return this.fail(1006, new GoopError("too_many_tabs"));
    if (!this.owner) return leave();
    this.leave = leave;
    const source = new EventSource(`${API}events?page=${PAGE}`);
    this.source = source;
    source.addEventListener("open", () => this.owner?.opened());
    source.addEventListener("message", ({ data }) => this.owner?.frame(JSON.parse(data), data.length));
    source.addEventListener("end", (event) => this.fail(JSON.parse(/** @type {any} */ (event).data).code));
    source.addEventListener("error", () => this.fail(1006));
  }

  /**
   * @param {string} text
   * @param {string} [newest]
   */
  write(text, newest) {
    if (!this.source || !this.owner) return false;
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

  /**
   * @param {number} code
   * @param {GoopError} [why]
   */
  fail(code, why) {
    const { owner } = this;
    this.close();
    owner?.closed(code, why);
  }

  close() {
    this.owner = null;
    this.queue = [];
    this.source?.close();
    this.leave();
  }
}
