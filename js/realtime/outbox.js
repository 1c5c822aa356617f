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
const STAGES = ["accepted", "delivered", "handled"];
/** What waits for its channel's pace goes out together, so often at most. */
const PORTION_EVERY_MS = 25;
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
    /** @type {Map<string, Sent>} in the order of sending */
    this.open = new Map();
    /** Channels whose sends wait for their turn; later sends wait behind them. @type {Set<Conduit>} */
    this.held = new Set();
    /** When the next of them may leave. */
    this.due = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * @param {Conduit} conduit
   * @param {unknown} data
   * @param {{ timeout?: number | null }} [options]
   * @returns {GoopSent}
   */
  send(conduit, data, options) {
    const timeout = options?.timeout ?? undefined;
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
      // The message goes on its way; only the waiting ends.
      const late = () => steps.slice(1).forEach((step) => step.reject(this.about(sent, "timeout")));
      if (timeout !== undefined) sent.timer = setTimeout(late, timeout);
      conduit.began(bytes);
      this.leave(sent, performance.now());
      this.later();
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
    const most = conduit.limits.messageBytes;
    if (bytes > most) return new GoopError("too_large", `a message of ${bytes} bytes; at most ${most} are taken`);
    return conduit.takes(bytes) ? null : new GoopError("outbox_full");
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
    this.flush();
  }

  /** What waits for its turn and has it. */
  flush() {
    const now = performance.now();
    const before = [...this.held];
    this.held.clear();
    for (const sent of this.open.values()) if (!sent.left && sent.stage < 2) this.leave(sent, now);
    this.later();
    for (const conduit of before) if (conduit.closing && !this.held.has(conduit)) conduit.sendClose();
  }

  /**
   * Writes a send, unless an earlier one of its channel waits or the node would find it too fast.
   * @param {Sent} sent
   * @param {number} now
   */
  leave(sent, now) {
    const { conduit } = sent;
    if (this.held.has(conduit)) return;
    // What was accepted before is only asked about: the node's rate does not count it.
    const counts = sent.stage === 0;
    if (counts ? conduit.pace.wait(now) > 0 : now < conduit.pace.until) {
      this.held.add(conduit);
      return;
    }
    sent.left = this.line.write(sent.text);
    if (sent.left && counts) conduit.pace.take(now);
  }

  /** Has what is held leave when its time has come. */
  later() {
    if (this.held.size === 0 || this.timer !== undefined) return;
    const now = performance.now();
    const wait = Math.max(PORTION_EVERY_MS, Math.min(...[...this.held].map(({ pace }) => pace.wait(now))));
    this.due = now + wait;
    this.timer = setTimeout(() => this.turn(), wait);
  }

  turn() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flush();
  }

  /**
   * The node found a send too fast, and by that every later one of its channel: they leave again
   * in their order, with the ids that they have.
   * @param {Sent} sent
   */
  tooFast(sent) {
    const { conduit } = sent;
    let behind = false;
    for (const other of this.open.values()) {
      behind ||= other === sent;
      if (behind && other.conduit === conduit && other.stage < 2) other.left = false;
    }
    conduit.pace.tooFast(performance.now());
    this.held.add(conduit);
    this.later();
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
    if (reached > 0) sent.conduit.pace.taken();
    for (; sent.stage < reached; sent.stage++) {
      const handled = sent.stage === STAGES.length - 1 ? { failed: frame.failed === true } : {};
      sent.steps[sent.stage].resolve({ id: sent.id, ...handled });
    }
    if (before === 0 && reached > 0) sent.conduit.waiting -= sent.bytes;
    if (sent.stage === STAGES.length) this.settle(sent);
    // A peer with an older protocol never says what became of it.
    const fate = code ?? (bestEffort && sent.stage === 1 ? "unsupported" : undefined);
    if (fate) this.fail(sent, this.about(sent, fate, frame.reason), sent.stage === 0);
    // Timers of a hidden page come late.
    if (this.held.size > 0 && performance.now() >= this.due) this.turn();
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
    if (frame.code === "too_fast") {
      this.tooFast(sent);
      return true;
    }
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
    if (sent.stage === 0) sent.conduit.waiting -= sent.bytes;
    this.settle(sent);
  }

  /** @param {Sent} sent */
  settle(sent) {
    clearTimeout(sent.timer);
    this.open.delete(sent.id);
    sent.conduit.settled(sent.bytes);
  }
}
