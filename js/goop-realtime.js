// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/**
 * Goop.realtime: channels between the pages of two nodes, for any page of a node.
 *
 *     <script src="/sdk/goop-realtime.js"></script>
 *     const channel = await Goop.realtime.connect(peerId, { context: "chess_42" });
 *     channel.onMessage = (message) => draw(message);
 *     channel.send({ type: "move", from: "e2", to: "e4" });
 *
 * One classic script, so that a page needs no build step; modules import goop-realtime.mjs.
 * The sections, each knowing only those above it:
 *   1. errors and promises     2. Line: the one WebSocket of a document
 *   3. Outbox: sends that have not settled     4. Conduit and Channel: one channel
 *   5. Requests: who answers what comes in     6. Hub: everything together     7. the page's API
 */
(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.realtime) return; // loaded twice, for instance as script and as module

  // ---- 1. errors and promises ------------------------------------------------------------

  const API = "/api/realtime/";
  const DEFAULT_TIMEOUT_MS = 60_000;
  /** What the node may exceed a request's timeout by before the page gives up on it. */
  const TIMEOUT_GRACE_MS = 5_000;
  const HANDLER_PATIENCE_MS = 10_000;

  /** @type {Record<string, string>} What a code means, where the node sent no words. */
  const WORDS = {
    aborted: "the request was withdrawn",
    busy: "the other side has too many open requests or channels",
    closed: "the channel is closed",
    contract_mismatch: "the two nodes have different versions of this context",
    declined: "the other side declined",
    diverged: "the two nodes disagree about this channel, so it was ended",
    expired: "nobody came back to this channel in time",
    lost: "the node knows nothing of it any more; whether it arrived is unknown",
    node_unreachable: "this page cannot reach its own node; is it running?",
    outbox_full: "too much is waiting to be sent; wait for onDrain",
    refused: "the other node refused",
    timeout: "nobody answered in time",
    too_large: "the message is too large",
    undiscovered: "this node has not discovered that peer",
    unknown_context: "no plugin of this node knows that context",
    unknown_context_there: "no plugin of the other node knows that context",
    unreachable: "the other node cannot be reached",
    unsupported: "the other side cannot tell",
  };

  class GoopError extends Error {
    /**
     * @param {string} code stable, for programs
     * @param {string | null} [message] for people
     * @param {object} [more] `pointer`, `status`, `id`, `channelId`
     */
    constructor(code, message, more = {}) {
      super(message || WORDS[code] || code);
      this.code = code;
      Object.assign(this, more);
    }
  }
  GoopError.prototype.name = "GoopError";

  /** @param {...unknown} what */
  const report = (...what) => console.error("Goop.realtime:", ...what);

  /** A promise that knows whether anybody waits for it, and that may be ignored. */
  class Outcome extends Promise {
    watched = false;
    /** @override */
    static get [Symbol.species]() {
      return Promise;
    }
    /**
     * @override
     * @param {any} [onFulfilled]
     * @param {any} [onRejected]
     * @returns {any}
     */
    then(onFulfilled, onRejected) {
      this.watched = true;
      return super.then(onFulfilled, onRejected);
    }
  }

  class Deferred {
    constructor() {
      /** @type {(value: any) => void} */
      this.resolve = () => {};
      /** @type {(error: unknown) => void} */
      this.reject = () => {};
      /** @type {Promise<any> & { watched: boolean }} */
      this.promise = new Outcome((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
      });
      // Not through Outcome.then: this keeps an ignored promise from being called unhandled,
      // and does not count as somebody waiting.
      Promise.prototype.then.call(this.promise, undefined, () => {});
    }
  }

  /**
   * The outcome of `work`; when it fails and nobody waits for it, the console says so.
   * @param {Promise<any>} work
   * @returns {Promise<any>}
   */
  function ignorable(work) {
    const deferred = new Deferred();
    work.then(deferred.resolve, (error) => {
      deferred.reject(error);
      if (!deferred.promise.watched) report(error);
    });
    return deferred.promise;
  }

  /**
   * Calls a handler of the page. What it throws, now or later, goes to the console.
   * @param {string} name
   * @param {unknown} handler
   * @param {...unknown} args
   * @returns {Promise<void> | undefined} pending while the handler is; it never rejects
   */
  function call(name, handler, ...args) {
    if (typeof handler !== "function") return undefined;
    try {
      const result = handler(...args);
      if (typeof result?.then !== "function") return undefined;
      return Promise.resolve(result).then(
        () => {},
        (error) => report(`${name} failed:`, error),
      );
    } catch (error) {
      report(`${name} failed:`, error);
      return undefined;
    }
  }

  /**
   * POST (with a body) or GET to the node; what fails is a GoopError.
   * @param {string} action
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async function ask(action, body) {
    /** @type {RequestInit} */
    const init = { method: "GET", credentials: "same-origin", cache: "no-store" };
    if (body) {
      init.method = "POST";
      init.headers = { "Content-Type": "application/json" };
      init.body = json(body);
    }
    let response, answer;
    try {
      response = await fetch(API + action, init);
      answer = await response.json().catch(() => ({}));
    } catch (cause) {
      throw new GoopError("node_unreachable", null, { cause });
    }
    if (response.ok) return answer;
    const { code, detail, title, pointer } = answer;
    throw new GoopError(code ?? "http_error", detail ?? title ?? `the node answered ${response.status}`, {
      status: response.status,
      ...(pointer === undefined ? {} : { pointer }),
    });
  }

  /**
   * @param {unknown} data
   * @returns {string}
   */
  function json(data) {
    let text;
    try {
      text = JSON.stringify(data);
    } catch (cause) {
      throw new GoopError("not_serialisable", `this cannot be sent as JSON: ${cause}`, { cause });
    }
    if (text === undefined) {
      throw new GoopError("not_serialisable", `this cannot be sent as JSON: ${typeof data}`);
    }
    return text;
  }

  /** How deep a node lets objects and arrays be nested, the frame around a message included. */
  const MAX_DEPTH = 32;

  /**
   * The JSON of a message. Throws what no node would take: it could not even say which message
   * it was that it did not understand.
   * @param {unknown} data
   * @returns {string}
   */
  function messageJson(data) {
    const text = json(data);
    // JSON.stringify writes halves of surrogate pairs as \udXXX; an even number of backslashes
    // before it are characters of the text.
    if (/(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/.test(text)) {
      throw new GoopError("not_serialisable", "a string in it is cut in the middle of a character (lone surrogate)");
    }
    if ((text.match(/[[{]/g)?.length ?? 0) >= MAX_DEPTH) {
      let depth = 1;
      for (const [mark] of text.replace(/"(?:[^"\\]|\\.)*"/g, "").matchAll(/[[\]{}]/g)) {
        depth += mark === "[" || mark === "{" ? 1 : -1;
        if (depth > MAX_DEPTH) throw new GoopError("too_deep", `nested deeper than ${MAX_DEPTH - 1} levels`);
      }
    }
    return text;
  }

  const encoder = new TextEncoder();
  /** @param {string} text */
  const sizeOf = (text) => encoder.encode(text).length;

  /** The id of this document. A reload is a new document; coming back from bfcache is not. */
  const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

  // ---- 2. Line: the one WebSocket of a document -------------------------------------------

  const FIRST_RETRY_MS = 50;
  const LAST_RETRY_MS = 5_000;

  class Line {
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

  // ---- 3. Outbox: sends that have not settled ----------------------------------------------

  const OUTBOX_MESSAGES = 1_000;
  const OUTBOX_BYTES = 4 * 1024 * 1024;
  /** What the node takes in one message unless it says otherwise. */
  const MESSAGE_BYTES = 64 * 1024;
  const STAGES = ["accepted", "delivered", "handled"];
  /** What waited for a socket goes out in portions, below the rate that a node takes. */
  const FIRST_PORTION = 240;
  const NEXT_PORTION = 50;
  const PORTION_EVERY_MS = 250;

  /**
   * One send. `stage` counts how many of STAGES have been reached; `left`: on this socket.
   * @typedef {{ id: string, conduit: Conduit, text: string, bytes: number, stage: number,
   *   left: boolean, steps: Deferred[] }} Sent
   */

  class Outbox {
    /** @param {Line} line */
    constructor(line) {
      this.line = line;
      this.counter = 0;
      this.messageBytes = MESSAGE_BYTES;
      /** @type {Map<string, Sent>} in the order of sending */
      this.open = new Map();
      /** Channels whose sends wait for their portion; later sends wait behind them. @type {Set<Conduit>} */
      this.held = new Set();
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this.timer = undefined;
    }

    /**
     * @param {Conduit} conduit
     * @param {unknown} data
     * @returns {GoopSent}
     */
    send(conduit, data) {
      const body = messageJson(data);
      const bytes = sizeOf(body);
      const id = `${PAGE}-${++this.counter}`;
      const steps = STAGES.map(() => new Deferred());
      /** @type {Sent} */
      const sent = { id, conduit, text: "", bytes, stage: 0, left: false, steps };
      const problem = this.refusal(conduit, bytes);
      if (problem) {
        // After this turn, so that the page has had its chance to wait for the promise.
        setTimeout(() => this.fail(sent, problem, true));
      } else {
        sent.text = `{"type":"send","channel":${JSON.stringify(conduit.id)},"id":"${id}","data":${body}}`;
        this.open.set(id, sent);
        conduit.waits(1, bytes);
        if (!this.held.has(conduit)) sent.left = this.line.write(sent.text);
      }
      const [accepted, delivered, handled] = steps.map((step) => step.promise);
      return /** @type {any} */ (Object.assign(accepted, { id, delivered, handled }));
    }

    /**
     * @param {Conduit} conduit
     * @param {number} bytes
     * @returns {GoopError | null}
     */
    refusal(conduit, bytes) {
      if (conduit.closing || conduit.ended) return new GoopError("closed");
      if (bytes > this.messageBytes) {
        return new GoopError("too_large", `a message of ${bytes} bytes; at most ${this.messageBytes} are taken`);
      }
      const { messages, bytes: waiting } = conduit.waiting;
      if (messages < OUTBOX_MESSAGES && waiting + bytes <= OUTBOX_BYTES) return null;
      conduit.full = true;
      return new GoopError("outbox_full");
    }

    /** The ids whose fate a new socket asks for, by channel; what it sends again asks by itself. */
    pending() {
      /** @type {Record<string, string[]>} */
      const ids = {};
      for (const { id, conduit, stage } of this.open.values()) {
        if (stage > 1) (ids[conduit.id] ??= []).push(id);
      }
      return ids;
    }

    /**
     * A new socket: all that was not delivered is sent again with its id, in order. The node
     * takes each id once and answers every repetition, so nothing is doubled and nothing lost,
     * even if the node lost what it had accepted.
     */
    resend() {
      for (const sent of this.open.values()) sent.left = false;
      this.held.clear();
      this.flush(FIRST_PORTION);
    }

    /** @param {number} portion how many of each channel may leave now */
    flush(portion) {
      clearTimeout(this.timer);
      const before = [...this.held];
      this.held.clear();
      /** @type {Map<Conduit, number>} */
      const counts = new Map();
      for (const sent of this.open.values()) {
        if (sent.left || sent.stage > 1) continue;
        // What was accepted before is only asked about: the node's rate does not count it.
        const count = (counts.get(sent.conduit) ?? 0) + (sent.stage === 0 ? 1 : 0);
        counts.set(sent.conduit, count);
        if (count > portion) this.held.add(sent.conduit);
        else sent.left = this.line.write(sent.text);
      }
      if (this.held.size > 0) this.timer = setTimeout(() => this.flush(NEXT_PORTION), PORTION_EVERY_MS);
      for (const conduit of before) if (conduit.closing && !this.held.has(conduit)) conduit.sendClose();
    }

    /** @param {any} frame `receipt`: a send has come so far, or never will (`code`) */
    receipt(frame) {
      const sent = this.open.get(frame.id);
      if (!sent) return;
      // Where a fate stands in place of a stage. What is not delivered is on its way again.
      if (frame.stage === "unknown" && sent.stage < 2) return;
      const known = STAGES.indexOf(frame.stage) + 1;
      const code = frame.code ?? (known ? undefined : frame.stage);
      // Nobody can say whether it was handled, but it got there.
      const reached = code === "unsupported" ? 2 : code ? 0 : known;
      const before = sent.stage;
      for (; sent.stage < reached; sent.stage++) sent.steps[sent.stage].resolve({ id: sent.id });
      if (before === 0 && reached > 0) sent.conduit.waits(-1, -sent.bytes);
      if (sent.stage === STAGES.length) this.open.delete(sent.id);
      // A peer with an older protocol never says what became of it.
      const silent = sent.conduit.delivery === "best-effort" && sent.stage === 1;
      const fate = code ?? (silent ? "unsupported" : undefined);
      if (fate) this.fail(sent, this.about(sent, fate, frame.reason), sent.stage === 0);
    }

    /**
     * @param {Sent} sent
     * @param {string} code
     * @param {string | null} [reason]
     * @param {string} [pointer]
     */
    about({ id, conduit }, code, reason, pointer) {
      return new GoopError(code, reason, { id, channelId: conduit.id, ...(pointer ? { pointer } : {}) });
    }

    /** @param {any} frame `refused`, or an `error` with the id of a send */
    refused(frame) {
      const sent = this.open.get(frame.id);
      if (!sent) return false;
      if (frame.code === "outbox_full") sent.conduit.full = true;
      this.fail(sent, this.about(sent, frame.code, frame.reason, frame.pointer), true);
      return true;
    }

    /**
     * @param {Conduit} conduit
     * @param {string} code
     */
    end(conduit, code) {
      for (const sent of this.open.values()) {
        if (sent.conduit === conduit) this.fail(sent, this.about(sent, code), sent.stage === 0);
      }
    }

    /** The node hung up over the size of something: it can only be the largest. */
    tooLarge() {
      /** @type {Sent | null} */
      let largest = null;
      for (const sent of this.open.values()) {
        if (sent.stage === 0 && (!largest || sent.bytes > largest.bytes)) largest = sent;
      }
      if (largest) this.fail(largest, this.about(largest, "too_large"), true);
    }

    /**
     * Rejects what is left of a send. A failure that nobody waits for goes to `onError`.
     * @param {Sent} sent
     * @param {GoopError} error
     * @param {boolean} loud whether it is an error at all, or only a receipt that will not come
     */
    fail(sent, error, loud) {
      const left = sent.steps.slice(sent.stage);
      for (const step of left) step.reject(error);
      if (loud && !left.some((step) => step.promise.watched)) sent.conduit.error(error);
      if (sent.stage === 0 && this.open.has(sent.id)) sent.conduit.waits(-1, -sent.bytes);
      this.open.delete(sent.id);
    }
  }

  // ---- 4. Conduit and Channel: one channel -------------------------------------------------

  /** What may wait here for the page's handler; the node keeps what is beyond it. */
  const INBOX_MESSAGES = 10_000;
  const INBOX_BYTES = 4 * 1024 * 1024;

  /** How long receipts may follow the close of their channel. */
  const LAST_RECEIPTS_MS = 5_000;

  /** @type {GoopDetail} */
  const NO_DETAIL = { code: null, reason: null, final: false, suspended: false, peerPage: null };

  /**
   * Where an entry stands in its channel's log.
   * @typedef {[epoch: number, seq: number]} Place
   */

  /**
   * @param {Place} one
   * @param {Place | null} other
   */
  const isAfter = (one, other) => !other || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);

  /** What happens inside a channel; `Channel` is the face of it that the page sees. */
  class Conduit {
    /**
     * @param {string} id
     * @param {{ outbox: Outbox, line: Line, acknowledge(conduit: Conduit): void }} hub
     */
    constructor(id, hub) {
      this.id = id;
      this.hub = hub;
      this.peerId = "";
      this.peerLabel = "";
      this.context = "";
      /** @type {unknown} */
      this.params = null;
      /** @type {"log" | "best-effort"} */
      this.delivery = "log";
      /** @type {GoopState} */
      this.state = "connecting";
      this.detail = NO_DETAIL;
      this.closing = false;
      /** @type {GoopError | null} why it is over */
      this.ended = null;
      this.over = new Deferred();
      /** @type {Deferred[]} who waits for it to open */
      this.openers = [];
      /** The socket, counted, on which the node last spoke of it. */
      this.heard = 0;
      /** Sends that the node has not accepted. */
      this.waiting = { messages: 0, bytes: 0 };
      this.full = false;
      /** @type {{ bytes: number, at: Place | null, name: string, handler(): unknown, args: unknown[] }[]} */
      this.inbox = [];
      this.inboxBytes = 0;
      this.overflowed = false;
      this.busy = false;
      /** @type {Place | null} the last received and the last that a handler is done with */
      this.after = null;
      /** @type {Place | null} */
      this.handled = null;
      this.missedState = false;
      this.face = new Channel(this);
    }

    /** @param {any} row a channel row of an endpoint, or a `state` frame */
    describe(row) {
      for (const key of /** @type {const} */ (["peerId", "peerLabel", "context", "params", "delivery"])) {
        if (row[key] !== undefined && row[key] !== null) /** @type {any} */ (this)[key] = row[key];
      }
    }

    /** @param {any} row */
    tellState(row) {
      this.describe(row);
      if (this.ended) return;
      const told = { ...row, ...row.detail };
      /** @type {GoopDetail} */
      const detail = {
        code: told.code ?? null,
        reason: told.reason ?? null,
        final: told.final === true,
        suspended: told.suspended === true,
        peerPage: told.peerPage === "open" || told.peerPage === "none" ? told.peerPage : null,
      };
      if (detail.final) {
        const code = detail.code ?? "closed";
        const error = new GoopError(code, detail.reason, { channelId: this.id });
        this.ended = error;
        if (["expired", "lost", "diverged"].includes(code)) this.hub.outbox.end(this, code);
        // After an ordinary close the other side still says what it has and has handled.
        else setTimeout(() => this.hub.outbox.end(this, "closed"), LAST_RECEIPTS_MS);
        for (const opener of this.openers.splice(0)) opener.reject(error);
        this.over.resolve(undefined);
        // The close is the log's last entry: what came before it is handled before it.
        if ((this.busy || this.inbox.length > 0) && this.face.onMessage) {
          const handler = () => () => this.change(row.state, detail);
          this.inbox.push({ bytes: 0, at: null, name: "", handler, args: [] });
          return;
        }
      }
      this.change(row.state, detail);
      if (!this.isOpen()) return;
      for (const opener of this.openers.splice(0)) opener.resolve(this.face);
    }

    /**
     * @param {GoopState} state
     * @param {GoopDetail} detail
     */
    change(state, detail) {
      if (state === this.state && JSON.stringify(detail) === JSON.stringify(this.detail)) return;
      this.state = state;
      this.detail = Object.freeze(detail);
      this.missedState = !this.face.onStateChange;
      void call("onStateChange", this.face.onStateChange, state, this.detail);
    }

    /** Both sides have agreed, though they may be apart just now. */
    isOpen() {
      return this.state === "connected" || (this.detail.suspended && !this.detail.final);
    }

    /** @returns {Promise<GoopChannel>} once both sides have agreed */
    opened() {
      const opener = new Deferred();
      if (this.ended) opener.reject(this.ended);
      else if (this.isOpen()) opener.resolve(this.face);
      else this.openers.push(opener);
      return opener.promise.then((/** @type {GoopChannel} */ channel) => {
        this.missedState = false;
        return channel;
      });
    }

    /** @param {GoopError} error */
    error(error) {
      if (this.face.onError) void call("onError", this.face.onError, error);
      else report(`channel ${this.id} (${this.context || "no context"}):`, error);
    }

    /** The node knows nothing of it. */
    vanish() {
      this.tellState({ state: "disconnected", final: true, code: this.closing ? "closed" : "lost" });
    }

    close() {
      if (!this.ended && !this.closing) {
        this.closing = true;
        if (!this.hub.outbox.held.has(this)) this.sendClose();
      }
      return this.over.promise;
    }

    sendClose() {
      this.hub.line.start();
      this.hub.line.write(JSON.stringify({ type: "close", channel: this.id }));
    }

    /**
     * @param {number} messages
     * @param {number} bytes
     */
    waits(messages, bytes) {
      const { waiting } = this;
      waiting.messages += messages;
      waiting.bytes += bytes;
      if (waiting.messages > OUTBOX_MESSAGES / 2 || waiting.bytes > OUTBOX_BYTES / 2) this.full = true;
      else if (this.full && waiting.messages < OUTBOX_MESSAGES / 4 && waiting.bytes < OUTBOX_BYTES / 4) {
        this.full = false;
        if (!this.ended) void call("onDrain", this.face.onDrain);
      }
    }

    /**
     * @param {any} frame
     * @param {number} bytes
     */
    receive(frame, bytes) {
      /** @type {Place | null} */
      const at = typeof frame.seq === "number" ? [frame.epoch ?? 0, frame.seq] : null;
      if (at && !isAfter(at, this.after)) return; // replayed
      if (this.overflowed || this.inbox.length >= INBOX_MESSAGES || this.inboxBytes + bytes > INBOX_BYTES) {
        this.overflowed = true;
        return;
      }
      if (at) this.after = at;
      const { id, from, sentAt, redelivered } = frame;
      const meta = { id, seq: frame.seq ?? 0, sentAt, redelivered: redelivered === true, from };
      this.inboxBytes += bytes;
      this.inbox.push({ bytes, at, name: "onMessage", handler: () => this.face.onMessage, args: [frame.data, meta] });
      this.run();
    }

    /** @param {any} frame */
    gap(frame) {
      const place = (/** @type {any} */ pair) => (Array.isArray(pair) ? pair : null);
      const from = place(frame.from);
      const to = /** @type {Place | null} */ (place(frame.to));
      if (to && isAfter(to, this.after)) this.after = to;
      const handler = () => this.face.onGap ?? (() => report(`channel ${this.id}: messages are gone`, { from, to }));
      this.inbox.push({ bytes: 0, at: to, name: "onGap", handler, args: [{ from, to }] });
      this.run();
    }

    /** Hands out what waits, one after the other, for as long as there is a handler for it. */
    run() {
      while (!this.busy && this.inbox.length > 0) {
        const { bytes, at, name, handler, args } = this.inbox[0];
        const target = handler();
        if (typeof target !== "function") return;
        this.inbox.shift();
        this.inboxBytes -= bytes;
        this.busy = true;
        const pending = call(name, target, ...args);
        if (pending) return this.wait(pending, at, name);
        this.busy = false;
        this.done(at);
      }
      if (this.overflowed && this.inbox.length === 0) {
        this.overflowed = false;
        this.hub.line.restart();
      }
    }

    /**
     * @param {Promise<void>} pending
     * @param {Place | null} at
     * @param {string} name
     */
    wait(pending, at, name) {
      let blocking = true;
      const goOn = () => {
        if (!blocking) return;
        blocking = false;
        clearTimeout(timer);
        this.busy = false;
        this.run();
      };
      const timer = setTimeout(() => {
        console.warn(
          `Goop.realtime: ${name} of channel ${this.id} (${this.context || "no context"}) has been ` +
            `pending for ${HANDLER_PATIENCE_MS / 1000} s; the next message does not wait for it`,
        );
        goOn();
      }, HANDLER_PATIENCE_MS);
      void pending.then(() => {
        this.done(at);
        goOn();
      });
    }

    /** @param {Place | null} at */
    done(at) {
      if (!at || !isAfter(at, this.handled)) return;
      this.handled = at;
      this.hub.acknowledge(this);
    }
  }

  /** @implements {GoopChannel} */
  class Channel {
    /** @type {Conduit} */
    #conduit;
    /** @type {GoopChannel["onMessage"]} */
    #onMessage = null;
    /** @type {GoopChannel["onStateChange"]} */
    #onStateChange = null;
    /** @type {GoopChannel["onError"]} */
    onError = null;
    /** @type {GoopChannel["onGap"]} */
    onGap = null;
    /** @type {GoopChannel["onSignal"]} */
    onSignal = null;
    /** @type {GoopChannel["onDrain"]} */
    onDrain = null;

    /** @param {Conduit} conduit */
    constructor(conduit) {
      this.#conduit = conduit;
    }
    get id() {
      return this.#conduit.id;
    }
    get peerId() {
      return this.#conduit.peerId;
    }
    get peerLabel() {
      return this.#conduit.peerLabel;
    }
    get context() {
      return this.#conduit.context;
    }
    /** @returns {any} */
    get params() {
      return this.#conduit.params;
    }
    get delivery() {
      return this.#conduit.delivery;
    }
    get state() {
      return this.#conduit.state;
    }
    get detail() {
      return this.#conduit.detail;
    }
    get bufferedAmount() {
      return this.#conduit.waiting.bytes;
    }
    /** @param {unknown} data */
    send(data) {
      return this.#conduit.hub.outbox.send(this.#conduit, data);
    }
    /** @param {unknown} data */
    signal(data) {
      if (this.#conduit.ended) return false;
      const [channel, body] = [JSON.stringify(this.id), messageJson(data)];
      return this.#conduit.hub.line.write(`{"type":"signal","channel":${channel},"data":${body}}`);
    }
    /** @returns {Promise<void>} */
    close() {
      return this.#conduit.close();
    }
    get onMessage() {
      return this.#onMessage;
    }
    set onMessage(handler) {
      this.#onMessage = handler;
      // Not at once: the page may be about to set its other handlers.
      queueMicrotask(() => this.#conduit.run());
    }
    get onStateChange() {
      return this.#onStateChange;
    }
    set onStateChange(handler) {
      this.#onStateChange = handler;
      const conduit = this.#conduit;
      if (!handler || !conduit.missedState) return;
      queueMicrotask(() => {
        if (!conduit.missedState || this.#onStateChange !== handler) return;
        conduit.missedState = false;
        void call("onStateChange", handler, conduit.state, conduit.detail);
      });
    }
  }

  // ---- 5. Requests: who answers what comes in ----------------------------------------------

  /**
   * @typedef {{ onRequest: unknown, onEnded: unknown }} Server
   * @typedef {{ info: GoopIncoming, server: Server | null, heard: number }} Waiting
   */

  class Requests {
    constructor() {
      /** @type {Map<string, Server>} by context */
      this.servers = new Map();
      /** Where everything goes that no script of the page serves. @type {Server} */
      this.rest = { onRequest: null, onEnded: null };
      /** @type {Map<string, Waiting>} by channel id */
      this.waiting = new Map();
    }

    /**
     * @param {string} context
     * @returns {Server | null}
     */
    serverOf(context) {
      let best = "";
      for (const name of this.servers.keys()) {
        const fits = context === name || context.startsWith(`${name}_`);
        if (fits && name.length > best.length) best = name;
      }
      return this.servers.get(best) ?? (typeof this.rest.onRequest === "function" ? this.rest : null);
    }

    /**
     * @param {GoopIncoming} info
     * @param {number} heard
     */
    add(info, heard) {
      const known = this.waiting.get(info.channelId);
      if (known) known.heard = heard;
      else this.waiting.set(info.channelId, { info, server: null, heard });
      this.hand();
    }

    /** Gives each request that waits to whoever serves it now. */
    hand() {
      for (const entry of this.waiting.values()) {
        if (entry.server) continue;
        entry.server = this.serverOf(entry.info.context);
        if (entry.server) void call("onIncoming", entry.server.onRequest, entry.info);
      }
    }

    /**
     * @param {string} channelId
     * @param {string} code
     */
    end(channelId, code) {
      const entry = this.waiting.get(channelId);
      if (!entry) return;
      this.waiting.delete(channelId);
      if (entry.server) void call("onIncomingEnded", entry.server.onEnded, { ...entry.info, code });
    }
  }

  // ---- 6. Hub: everything together ----------------------------------------------------------

  /** How many ended channels are remembered, so that what still comes for them is ignored. */
  const ENDED_KEPT = 100;

  class Hub {
    constructor() {
      this.line = new Line(this);
      this.outbox = new Outbox(this.line);
      this.requests = new Requests();
      /** @type {Map<string, Conduit>} */
      this.conduits = new Map();
      /** @type {Map<string, string>} a request that became part of another channel */
      this.aliases = new Map();
      /** @type {Set<Conduit>} */
      this.unacknowledged = new Set();
      /** Sockets so far. */
      this.sockets = 0;
      /** @type {GoopRealtime["onError"]} */
      this.onError = null;
    }

    /**
     * @param {string} id
     * @returns {Conduit}
     */
    conduit(id) {
      const real = this.aliases.get(id) ?? id;
      let conduit = this.conduits.get(real);
      if (!conduit) {
        conduit = new Conduit(real, this);
        conduit.heard = this.sockets;
        this.conduits.set(real, conduit);
        const ended = [...this.conduits.values()].filter((one) => one.ended);
        for (const old of ended.slice(ENDED_KEPT)) this.conduits.delete(old.id);
      }
      return conduit;
    }

    living() {
      return [...this.conduits.values()].filter((conduit) => !conduit.ended);
    }

    // -- the line's owner

    opened() {
      this.sockets++;
      /** @type {Record<string, Place>} */
      const after = {};
      /** @type {Record<string, Place>} */
      const handled = {};
      for (const conduit of this.living()) {
        if (conduit.after) after[conduit.id] = conduit.after;
        if (conduit.handled) handled[conduit.id] = conduit.handled;
      }
      const pending = this.outbox.pending();
      this.line.write(JSON.stringify({ type: "subscribe", page: PAGE, ack: true, after, handled, pending }));
      this.outbox.resend();
      for (const conduit of this.living()) {
        if (conduit.closing && !this.outbox.held.has(conduit)) conduit.sendClose();
      }
    }

    /**
     * @param {number} code
     * @param {boolean} tried whether this was an attempt to come back
     */
    lost(code, tried) {
      if (code === 1009) this.outbox.tooLarge();
      if (!tried) return;
      /** @type {GoopDetail} */
      const detail = { ...NO_DETAIL, code: "node_unreachable", reason: "the node is away", suspended: true };
      for (const conduit of this.living()) if (conduit.state === "connected") conduit.change("disconnected", detail);
    }

    /**
     * @param {any} frame
     * @param {number} bytes
     */
    frame(frame, bytes) {
      switch (frame.type) {
        case "message":
          return this.conduit(frame.channel).receive(frame, bytes);
        case "receipt":
          return this.outbox.receipt(frame);
        case "state":
          return this.state(frame);
        case "incoming":
          return this.requests.add(this.incoming(frame), this.sockets);
        case "incoming_ended":
          return this.requests.end(frame.channel, frame.code);
        case "refused":
          return void this.outbox.refused(frame);
        case "error":
          return this.error(frame);
        case "gap":
          return this.conduit(frame.channel).gap(frame);
        case "signal":
          return void call("onSignal", this.conduit(frame.channel).face.onSignal, frame.data, { from: frame.from });
        case "subscribed":
          if (typeof frame.messageBytes === "number") this.outbox.messageBytes = frame.messageBytes;
          if (this.sockets > 1) void this.reconcile().catch(() => {}); // cut again: the next one does it
      }
    }

    /** @param {any} frame */
    state(frame) {
      const conduit = this.conduit(frame.channel);
      if (frame.replacedBy && frame.replacedBy !== conduit.id) return this.replace(conduit, frame);
      if (frame.channel !== conduit.id) return; // of a request that lives on in another channel
      conduit.heard = this.sockets;
      conduit.tellState(frame);
    }

    /**
     * Two requests crossed, or the channel was open already: whoever waited waits for that one.
     * @param {Conduit} old
     * @param {any} frame
     */
    replace(old, frame) {
      this.conduits.delete(old.id);
      this.aliases.set(old.id, frame.replacedBy);
      const conduit = this.conduit(frame.replacedBy);
      const { peerId, peerLabel, context } = frame;
      conduit.describe({ peerId, peerLabel, context });
      for (const opener of old.openers.splice(0)) void conduit.opened().then(opener.resolve, opener.reject);
    }

    /** @param {any} frame */
    error(frame) {
      if (frame.id && this.outbox.refused(frame)) return;
      const conduit = frame.channel && this.conduits.get(this.aliases.get(frame.channel) ?? frame.channel);
      const error = new GoopError(frame.code, frame.reason, frame.channel ? { channelId: frame.channel } : {});
      if (conduit && frame.code === "unknown_channel") conduit.vanish();
      else if (conduit) conduit.error(error);
      else if (this.onError) void call("onError", this.onError, error);
      else report(error);
    }

    /** After a new socket: what the node no longer lists has ended while nobody could say so. */
    async reconcile() {
      const socket = this.sockets;
      /** @type {any[]} */
      const rows = await ask("channels");
      if (socket !== this.sockets) return;
      for (const conduit of this.living()) {
        const row = rows.find(({ channelId }) => channelId === conduit.id);
        if (conduit.heard === socket) continue;
        if (row) conduit.tellState(row);
        else conduit.vanish();
      }
      for (const [id, { heard }] of this.requests.waiting) {
        const waits = rows.some((row) => row.channelId === id && row.incoming);
        if (heard < socket && !waits) this.requests.end(id, "unknown");
      }
    }

    /** @param {Conduit} conduit */
    acknowledge(conduit) {
      this.unacknowledged.add(conduit);
      if (this.unacknowledged.size > 1) return;
      queueMicrotask(() => {
        for (const { id, handled } of this.unacknowledged) {
          if (!handled) continue;
          const [epoch, seq] = handled;
          this.line.write(`{"type":"ack","channel":${JSON.stringify(id)},"epoch":${epoch},"seq":${seq}}`);
        }
        this.unacknowledged.clear();
      });
    }

    // -- what the page asks for

    /**
     * @param {any} frame
     * @returns {GoopIncoming}
     */
    incoming({ channel, peerId, peerLabel = "", context = "", params = null, title, page, expiresIn }) {
      return {
        channelId: channel,
        peerId,
        peerLabel,
        context: context ?? "",
        params,
        title: title ?? null,
        page: page ?? null,
        expiresIn: expiresIn ?? null,
        accept: () => this.accept(channel),
        decline: (reason) => ignorable(this.decline(channel, reason)),
      };
    }

    /**
     * @param {string} peerId
     * @param {GoopConnectOptions} options
     * @returns {Promise<GoopChannel>}
     */
    async connect(peerId, { context, params, timeout = DEFAULT_TIMEOUT_MS, signal, new: fresh }) {
      const stop = new Deferred();
      const abort = () => stop.reject(new GoopError("aborted", null, { cause: signal?.reason }));
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      const timer = setTimeout(
        () => stop.reject(new GoopError(this.line.ready ? "timeout" : "node_unreachable")),
        timeout + TIMEOUT_GRACE_MS,
      );
      /** @type {string | undefined} */
      let id;
      let given = true;
      const attempt = async () => {
        await this.line.whenReady();
        if (!given) return; // withdrawn before it was made
        const body = {
          peerId,
          context: context ?? undefined,
          params,
          timeout: Math.max(1, Math.round(timeout)),
          page: PAGE,
          ...(fresh ? { new: true } : {}),
        };
        const row = await ask("request", body);
        id = row.channelId;
        const conduit = this.conduit(row.channelId);
        if (!given) return row.state === "connecting" ? void withdraw(conduit) : undefined;
        if (row.state === "connecting") conduit.describe(row);
        else conduit.tellState(row);
        return conduit.opened();
      };
      const withdraw = (/** @type {Conduit} */ conduit) => conduit.state === "connecting" && conduit.close();
      try {
        if (signal?.aborted) return await stop.promise;
        return await Promise.race([attempt(), stop.promise]);
      } catch (error) {
        given = false;
        if (id !== undefined) withdraw(this.conduit(id));
        throw error;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      }
    }

    /**
     * @param {string} channelId
     * @returns {Promise<GoopChannel>}
     */
    async accept(channelId) {
      await this.line.whenReady();
      const row = await ask("accept", { channelId, page: PAGE });
      const conduit = this.conduit(row.channelId ?? channelId);
      if (row.state) conduit.tellState(row);
      return conduit.opened();
    }

    /**
     * @param {string} channelId
     * @param {string} [reason]
     */
    async decline(channelId, reason) {
      await ask("decline", { channelId, reason: reason ?? undefined });
    }

    /** @returns {Promise<GoopChannel[]>} */
    async channels() {
      await this.line.whenReady();
      /** @type {any[]} */
      const rows = await ask("channels");
      const found = [];
      for (const row of rows) {
        if (row.incoming || row.detail?.final) continue;
        const conduit = this.conduit(row.channelId);
        conduit.tellState(row);
        if (conduit.ended) continue;
        conduit.missedState = false;
        found.push(conduit.face);
      }
      return found;
    }

    /**
     * @param {string} context
     * @param {unknown} onRequest
     * @param {unknown} onEnded
     */
    serve(context, onRequest, onEnded) {
      if (typeof context !== "string" || context === "" || typeof onRequest !== "function") {
        throw new TypeError("serve(context, onRequest): a context's name and a function are needed");
      }
      if (this.requests.servers.has(context)) {
        throw new GoopError("already_served", `another script of this page serves "${context}"`);
      }
      const server = { onRequest, onEnded };
      this.requests.servers.set(context, server);
      this.listen();
      return () => {
        if (this.requests.servers.get(context) === server) this.requests.servers.delete(context);
      };
    }

    /** Somebody handles requests: have them come, and hand out those that wait. */
    listen() {
      this.line.start();
      queueMicrotask(() => this.requests.hand());
    }
  }

  // ---- 7. the page's API --------------------------------------------------------------------

  const hub = new Hub();

  /** @type {GoopRealtime} */
  const realtime = {
    connect: async (peerId, options = {}) => {
      if (typeof peerId !== "string" || peerId === "") {
        throw new TypeError("connect(peerId, options): a peer id is needed");
      }
      return hub.connect(peerId, options);
    },
    accept: (channelId) => hub.accept(channelId),
    decline: (channelId, reason) => ignorable(hub.decline(channelId, reason)),
    channels: () => hub.channels(),
    joinRoom: async () => {
      throw new GoopError("not_supported", "rooms are not available in this version; use connect() for two peers");
    },
    serve: (context, onRequest, onEnded) => hub.serve(context, onRequest, onEnded),
    get onIncoming() {
      return /** @type {any} */ (hub.requests.rest.onRequest);
    },
    set onIncoming(handler) {
      hub.requests.rest.onRequest = handler;
      if (handler) hub.listen();
    },
    get onIncomingEnded() {
      return /** @type {any} */ (hub.requests.rest.onEnded);
    },
    set onIncomingEnded(handler) {
      hub.requests.rest.onEnded = handler;
    },
    get onError() {
      return hub.onError;
    },
    set onError(handler) {
      hub.onError = handler;
    },
    GoopError: /** @type {any} */ (GoopError),
  };
  root.Goop.realtime = realtime;
})();
