// SPDX-License-Identifier: MIT
// Sends that have not settled: when they leave, and what is sent again.
import { PAGE, messageJson, sizeOf } from "./asking.js";
import { Deferred, GoopError } from "./errors.js";

/**
 * @import { Conduit } from "./conduit.js"
 * @import { Line } from "./line.js"
 * @typedef {Conduit<any, any>} AnyConduit
 */

export const OUTBOX_MESSAGES = 1_000;
export const OUTBOX_BYTES = 4 * 1024 * 1024;
export const STAGES = ["accepted", "delivered", "handled"];
/** What waits for its channel's pace goes out together, so often at most. */
const PORTION_EVERY_MS = 25;
/** How many ids one frame asks about. */
const PENDING_PORTION = 1_000;

/**
 * One send. `stage` counts how many of STAGES have been reached; `left`: on this socket. In a room, `by`:
 * which member has handled it; `seq`: its number in the log, if it is known. `fate`: what the rest of it rejects with.
 * @typedef {{ id: string, conduit: AnyConduit, text: string, bytes: number, stage: number, left: boolean, steps: Deferred[],
 *   by: Map<string, Deferred>, seq: number, fate?: GoopError, timer?: ReturnType<typeof setTimeout> }} Sent
 */

/** @param {{ id: string }} conduit @param {string} id */
const nameOf = (conduit, id) => `${conduit.id} ${id}`;

/**
 * Ids by channel, in portions that fit into a frame; at least one.
 * @param {[channel: string, id: string][]} asked
 */
export function portions(asked) {
  /** @type {Record<string, string[]>[]} */
  const all = [{}];
  asked.forEach(([channel, id], n) => {
    if (n > 0 && n % PENDING_PORTION === 0) all.push({});
    (all[all.length - 1][channel] ??= []).push(id);
  });
  return all;
}

export class Outbox {
  /** @param {Line} line */
  constructor(line) {
    this.line = line;
    this.counter = 0;
    /** @type {Map<string, Sent>} by channel and id, in the order of sending */
    this.open = new Map();
    /** Channels whose sends wait for their turn; later sends wait behind them. @type {Set<AnyConduit>} */
    this.held = new Set();
    /** When the next of them may leave. */
    this.due = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * @param {AnyConduit} conduit
   * @param {unknown} data
   * @param {{ timeout?: number | null, to?: string }} [options]  `to`: the only member of a room that gets it
   * @returns {GoopRoomSent}
   */
  send(conduit, data, options) {
    const timeout = options?.timeout ?? undefined;
    const body = messageJson(data);
    const bytes = sizeOf(body);
    const id = `${PAGE}-${conduit.nextNumber()}`;
    const steps = STAGES.map(() => new Deferred());
    /** @type {Sent} */
    const sent = { id, conduit, text: "", bytes, stage: 0, left: false, steps, by: new Map(), seq: Infinity };
    const problem = this.refusal(conduit, bytes);
    if (problem) {
      // After this turn, so that the page has had its chance to wait for the promise.
      setTimeout(() => this.fail(sent, problem, true));
    } else {
      const to = options?.to === undefined ? "" : `,"to":${JSON.stringify(options.to)}`;
      sent.text = `{"type":"send","channel":${JSON.stringify(conduit.id)},"id":"${id}"${to},"data":${body}}`;
      this.open.set(nameOf(conduit, id), sent);
      // The message goes on its way; only the waiting ends.
      const late = () => [...steps.slice(1), ...sent.by.values()].forEach((step) => step.reject(this.about(sent, "timeout")));
      if (timeout !== undefined) sent.timer = setTimeout(late, timeout);
      conduit.began(bytes);
      this.leave(sent, performance.now());
      this.later();
    }
    const [accepted, delivered, handled] = steps.map((step) => step.promise);
    return /** @type {any} */ (Object.assign(accepted, { id, delivered, handled, ...conduit.more(sent) }));
  }

  /** What of it has been delivered, and not settled. @param {AnyConduit} conduit */
  delivered(conduit) {
    return [...this.open.values()].filter((sent) => sent.conduit === conduit && sent.stage >= 2);
  }

  /** @param {any} frame about a send @returns {Sent | undefined} */
  find({ channel, id }) {
    return this.open.get(nameOf({ id: channel }, id));
  }

  /**
   * @param {AnyConduit} conduit
   * @param {number} bytes
   * @returns {GoopError | null}
   */
  refusal(conduit, bytes) {
    if (conduit.closing || conduit.ended) return new GoopError(conduit.endsBy.code);
    const most = conduit.limits.messageBytes;
    if (bytes > most) return new GoopError("too_large", `a message of ${bytes} bytes; at most ${most} are taken`);
    return conduit.takes(bytes) ? null : new GoopError("outbox_full");
  }

  /**
   * The ids whose fate a new socket asks for, by channel; what it sends again asks by itself.
   * @param {AnyConduit[]} conduits
   */
  pending(conduits) {
    /** @type {[string, string][]} */
    const asked = [];
    for (const { id, conduit, stage } of this.open.values()) if (stage >= 2) asked.push([conduit.id, id]);
    for (const conduit of conduits) for (const id of conduit.questions()) asked.push([conduit.id, id]);
    return portions(asked);
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

  /**
   * @param {Sent} sent
   * @param {string} code
   * @param {string | null} [reason]
   * @param {object} [more]
   */
  about({ id, conduit }, code, reason, more) {
    return new GoopError(code, reason, { id, channelId: conduit.id, ...more });
  }

  /**
   * @param {AnyConduit} conduit
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
    this.close(sent, error);
    if (!this.open.has(nameOf(sent.conduit, sent.id))) return;
    if (sent.stage === 0) sent.conduit.waiting -= sent.bytes;
    this.settle(sent);
  }

  /** All that could be said of it has been. @param {Sent} sent */
  succeed(sent) {
    this.close(sent, this.about(sent, "left", "that member left before, or was none"));
    this.settle(sent);
    sent.conduit.succeeded(sent);
  }

  /**
   * Of single members nothing more will be said.
   * @param {Sent} sent
   * @param {GoopError} fate
   */
  close(sent, fate) {
    sent.fate = fate;
    for (const step of sent.by.values()) step.reject(fate);
  }

  /** @param {Sent} sent */
  settle(sent) {
    clearTimeout(sent.timer);
    this.open.delete(nameOf(sent.conduit, sent.id));
    sent.conduit.settled(sent.bytes);
  }
}
