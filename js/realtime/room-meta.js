// SPDX-License-Identifier: MIT
// What is told beside a room's messages.
import { metaOf } from "./history.js";

/**
 * @param {any} row a `message`, `latest` or `volatile`, or a row of the past
 * @returns {GoopRoomMeta}
 */
export const roomMeta = (row) => ({ ...metaOf(row), to: row.to || null });
