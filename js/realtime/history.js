// SPDX-License-Identifier: MIT
// What the log of a channel still holds.
import { ask } from "./asking.js";

/** Of one answer; the node gives no more. */
export const PORTION = 500;

/**
 * @param {any} frame a `message`
 * @returns {GoopMeta}
 */
export const metaOf = ({ id, seq, sentAt, redelivered, from }) => ({
  id,
  seq: seq ?? 0,
  sentAt,
  redelivered: redelivered === true,
  from,
});

/**
 * @param {{ id: string, start: string, metaOf(row: any): GoopMeta }} conduit
 * @returns {Promise<GoopPast[]>}
 */
export async function history({ id, start, metaOf }) {
  /** @type {GoopPast[]} */
  const past = [];
  for (let after = start; after; ) {
    const { messages, next } = await ask(`history?channel=${id}&after=${after}&limit=${PORTION}`);
    for (const row of messages) past.push({ data: row.data, meta: metaOf(row), from: row.from });
    after = next?.join(":");
  }
  return past;
}
