// SPDX-License-Identifier: MIT
// What is still on its way: accepted by the own node, without a place in the log.
import { ask } from "./asking.js";
import { PORTION } from "./history.js";

/**
 * @param {string} channel
 * @returns {Promise<GoopPending[]>} in their order
 */
export async function pending(channel) {
  /** @type {GoopPending[]} */
  const waiting = [];
  for (let after = ""; ; ) {
    const { messages, next } = await ask(`pending?channel=${channel}&after=${encodeURIComponent(after)}&limit=${PORTION}`);
    for (const { id, data, sentAt } of messages) waiting.push({ id, data, sentAt });
    if (typeof next !== "string") return waiting;
    after = next;
  }
}
