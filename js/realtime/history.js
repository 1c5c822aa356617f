// SPDX-License-Identifier: MIT
// What the log of a channel still holds.
import { ask } from "./asking.js";

/** Of one answer; the node gives no more. */
export const PORTION = 500;

/** Frames with messages that are in no log. @type {readonly GoopDelivery[]} */
const UNORDERED = ["latest", "volatile"];

/**
 * @param {any} frame a `message`, `latest` or `volatile`, or a row of the past
 * @returns {GoopMeta}
 */
export const metaOf = ({ type, id, seq, sentAt, redelivered, from }) => ({
  id: id ?? "",
  seq: seq ?? 0,
  sentAt: sentAt ?? Date.now(),
  redelivered: redelivered === true,
  from,
  delivery: UNORDERED.find((one) => one === type) ?? "ordered",
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
