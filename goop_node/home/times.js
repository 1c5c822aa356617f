// SPDX-License-Identifier: MIT
// Times, as people say them.

const SPANS = /** @type {const} */ ([["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]]);
const WORDS = new Intl.RelativeTimeFormat("en");

/** "5 minutes ago". @param {number} at  Unix ms */
export function ago(at) {
  const passed = Date.now() - at;
  for (const [unit, span] of SPANS) if (passed >= span) return WORDS.format(-Math.floor(passed / span), unit);
  return "just now";
}
