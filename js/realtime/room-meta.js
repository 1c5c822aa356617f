// SPDX-License-Identifier: MIT
// What is told beside a room's messages.
import { metaOf } from "./history.js";

/**
 * @param {any} row a `message`
 * @returns {GoopRoomMeta}
 */
export const roomMeta = (row) => ({ ...metaOf(row), delivery: "ordered", to: row.to || null });

/**
 * Of what has no place.
 * @param {any} frame
 * @param {GoopDelivery} delivery
 * @returns {GoopRoomMeta}
 */
const unplaced = ({ from, sentAt }, delivery) => ({
  id: "",
  seq: 0,
  sentAt: sentAt ?? Date.now(),
  redelivered: false,
  from,
  delivery,
  to: null,
});

/** @param {any} frame */
export const latestMeta = (frame) => unplaced(frame, "latest");
/** @param {any} frame */
export const volatileMeta = (frame) => unplaced(frame, "volatile");
