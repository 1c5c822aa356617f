// SPDX-License-Identifier: MIT
// What the page says of invitations: how far they have come, and of times.

/** What is known of where an invitation is. */
const REACHED = {
  sent: "It is on its way to their node.",
  node: "Their node has it; no page there shows it yet.",
  page: "A page of theirs shows it.",
  away: "Their node does not answer just now. It is tried again.",
};

/** @param {{reach: string}} invitation */
export const reached = ({ reach }) => REACHED[reach] ?? "";

/**
 * "4:32 left".
 * @param {number} until  Unix milliseconds
 */
export function left(until) {
  const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
}

const SPANS = /** @type {const} */ ([["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]]);
const WORDS = new Intl.RelativeTimeFormat("en");

/**
 * "5 minutes ago".
 * @param {number} at  Unix milliseconds
 */
export function ago(at) {
  const passed = Date.now() - at;
  for (const [unit, span] of SPANS) if (passed >= span) return WORDS.format(-Math.floor(passed / span), unit);
  return "just now";
}
