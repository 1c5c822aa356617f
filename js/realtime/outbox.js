// SPDX-License-Identifier: MIT
// Sends that have not settled: what their receipts say, and what is sent again.
import { PAGE, messageJson, sizeOf } from "./asking.js";
import { Deferred, GoopError, details } from "./errors.js";

/**
 * @import { Conduit } from "./conduit.js"
 * @import { Line } from "./line.js"
 */

export const OUTBOX_MESSAGES = 1_000;
export const OUTBOX_BYTES = 4 * 1024 * 1024;
/** What the node takes in one message unless it says otherwise. */
const MESSAGE_BYTES = 64 * 1024;
const STAGES = ["accepted", "delivered", "handled"];
/** What waited for a socket goes out in portions, below the rate that a node takes. */
const FIRST_PORTION = 240;
const NEXT_PORTION = 50;
const PORTION_EVERY_MS = 250;
/** How many ids one frame asks about. */
const PENDING_PORTION = 1_000;

/**
 * One send. `stage` counts how many of STAGES have been reached; `left`: on this socket.
 * @typedef {{ id: string, conduit: Conduit, text: string, bytes: number, stage: number,
 *   left: boolean, steps: Deferred[], timer?: ReturnType<typeof setTimeout> }} Sent
 */

export class Outbox {
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
   * @param {{ timeout?: number }} [options]
   * @returns {GoopSent}
   */
  send(conduit, data, { timeout } = {}) {
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
      conduit.unsettled++;
      // The message goes on its way; only the waiting ends.
      const late = () => steps.slice(1).forEach((step) => step.reject(this.about(sent, "timeout")));
      if (timeout !== undefined) sent.timer = setTimeout(late, timeout);
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

  /**
   * The ids whose fate a new socket asks for, by channel, in portions that fit into a frame; what
   * it sends again asks by itself.
   */
  pending() {
    /** @type {Record<string, string[]>[]} */
    const portions = [{}];
    let count = 0;
    for (const { id, conduit, stage } of this.open.values()) {
      if (stage < 2) continue;
      if (count++ % PENDING_PORTION === 0 && count > 1) portions.push({});
      (portions[portions.length - 1][conduit.id] ??= []).push(id);
    }
    return portions;
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
    const bestEffort = sent.conduit.delivery === "best-effort";
    // Nobody can say whether it was handled; but it got there, unless the peer confirms nothing.
    const reached = code === "unsupported" ? (bestEffort ? 1 : 2) : code ? 0 : known;
    const before = sent.stage;
    for (; sent.stage < reached; sent.stage++) sent.steps[sent.stage].resolve({ id: sent.id });
    if (before === 0 && reached > 0) sent.conduit.waits(-1, -sent.bytes);
    if (sent.stage === STAGES.length) this.settle(sent);
    // A peer with an older protocol never says what became of it.
    const fate = code ?? (bestEffort && sent.stage === 1 ? "unsupported" : undefined);
    if (fate) this.fail(sent, this.about(sent, fate, frame.reason), sent.stage === 0);
  }

  /**
   * @param {Sent} sent
   * @param {string} code
   * @param {string | null} [reason]
   * @param {object} [more]
   */
  about({ id, conduit }, code, reason, more) {
    return new GoopError(code, reason, { id, channelId: conduit.id, ...more });
  }

  /** @param {any} frame `refused`, or an `error` with the id of a send */
  refused(frame) {
    const sent = this.open.get(frame.id);
    if (!sent) return false;
    this.fail(sent, this.about(sent, frame.code, frame.reason, details(frame)), true);
    if (frame.code === "outbox_full") sent.conduit.refusedFull();
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
    if (!this.open.has(sent.id)) return;
    if (sent.stage === 0) sent.conduit.waits(-1, -sent.bytes);
    this.settle(sent);
  }

  /** @param {Sent} sent */
  settle(sent) {
    clearTimeout(sent.timer);
    this.open.delete(sent.id);
    sent.conduit.unsettled--;
    sent.conduit.settled();
  }
}
