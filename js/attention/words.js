// SPDX-License-Identifier: MIT
// What waits, in words, and why a browser shows no notifications.

/** Beyond that the node does not count. */
const MOST_UNREAD = 100;

/**
 * How a row stands: what its context says, unless that is from before what is on its way; or how much is new.
 * @param {GoopRunning} row
 */
export function wordsOf(row) {
  if (row.state === "asked") return row.title ? `invites you to ${row.title}` : "asks for a channel with you";
  if (row.sending > 0) return "On its way: what you did last";
  if (row.text) return row.text;
  if (row.unread === 0) return "";
  if (row.unread >= MOST_UNREAD) return `${MOST_UNREAD} new messages or more`;
  return row.unread === 1 ? "1 new message" : `${row.unread} new messages`;
}

/**
 * The two lines of a notification.
 * @param {GoopRunning} row
 */
export function linesOf(row) {
  const who = row.peerLabel || (row.room === undefined ? "Somebody" : row.room);
  if (row.state === "asked") return { title: row.title || "Request", body: `${who} ${wordsOf(row)}` };
  return { title: row.title ? `${row.title} with ${who}` : who, body: wordsOf(row) };
}

/** @typedef {"granted" | "denied" | "default" | "insecure" | "unsupported"} Permission */

/** Why there are no notifications, and what can be done. @type {Record<Permission, string>} */
export const WHY = {
  granted: "",
  default: "Your browser has not been told yet whether this page may notify you. Switch it on once more, and answer its question with “Allow”.",
  denied: "Your browser blocks notifications from this page. Allow them in its settings for this page (beside the address), then switch them on here. Until then the tab’s title and icon show what waits.",
  insecure: "Browsers show notifications only for pages of this computer itself, or over https; this page is neither. The tab’s title and icon show what waits.",
  unsupported: "This browser shows no notifications for pages like this one. The tab’s title and icon show what waits.",
};
