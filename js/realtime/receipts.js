// SPDX-License-Identifier: MIT
// What the node says of the fate of sends.
import { Deferred, details } from "./errors.js";
import { STAGES } from "./outbox.js";

/**
 * @import { Outbox, Sent } from "./outbox.js"
 */

/**
 * @param {Outbox} outbox
 * @param {any} frame `receipt`: a send has come so far, or never will (`code`)
 * @returns {boolean} whether it is about a send of this page that has not settled
 */
export function receipt(outbox, frame) {
  const sent = outbox.find(frame);
  if (!sent) return false;
  if (typeof frame.seq === "number") sent.seq = frame.seq;
  if (frame.by) memberHandled(sent, frame);
  else progress(outbox, sent, frame);
  return true;
}

/**
 * @param {Outbox} outbox
 * @param {Sent} sent
 * @param {any} frame
 */
function progress(outbox, sent, frame) {
  const { conduit } = sent;
  // Where a fate stands in place of a stage. What is not delivered is on its way again.
  if (frame.stage === "unknown" && sent.stage < 2) return;
  const known = STAGES.indexOf(frame.stage === "ordered" ? "accepted" : frame.stage) + 1;
  const code = frame.code ?? (known ? undefined : frame.stage);
  const bestEffort = conduit.delivery === "best-effort";
  // Nobody can say whether it was handled; but it got there, unless the peer confirms nothing.
  const reached = code === "unsupported" ? (bestEffort ? 1 : 2) : code ? 0 : known;
  const before = sent.stage;
  if (reached > 0) conduit.pace.taken();
  for (; sent.stage < reached; sent.stage++) {
    const handled = sent.stage === STAGES.length - 1 ? { failed: frame.failed === true } : {};
    sent.steps[sent.stage].resolve({ id: sent.id, ...handled });
  }
  if (before === 0 && reached > 0) conduit.waiting -= sent.bytes;
  if (sent.stage === STAGES.length) outbox.succeed(sent);
  // A peer with an older protocol never says what became of it.
  const fate = code ?? (bestEffort && sent.stage === 1 ? "unsupported" : undefined);
  // What a room has lost may have been applied nowhere; a channel only says no more of it.
  if (fate) outbox.fail(sent, outbox.about(sent, fate, frame.reason), sent.stage === 0 || fate === "lost");
  // Timers of a hidden page come late.
  if (outbox.held.size > 0 && performance.now() >= outbox.due) outbox.turn();
}

/**
 * One member of a room is done with it.
 * @param {Sent} sent
 * @param {any} frame
 */
function memberHandled({ id, by }, frame) {
  const step = by.get(frame.by) ?? new Deferred();
  by.set(frame.by, step);
  step.resolve({ id, failed: frame.failed === true });
}

/**
 * @param {Outbox} outbox
 * @param {any} frame `refused`, or an `error` with the id of a send
 * @returns {boolean} whether it is about a send of this page
 */
export function refused(outbox, frame) {
  const sent = outbox.find(frame);
  if (!sent) return false;
  if (frame.code === "too_fast") {
    outbox.tooFast(sent);
    return true;
  }
  outbox.fail(sent, outbox.about(sent, frame.code, frame.reason, details(frame)), true);
  if (frame.code === "outbox_full") sent.conduit.refusedFull();
  return true;
}
