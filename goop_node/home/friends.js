// SPDX-License-Identifier: MIT
// "Connect to a friend": looking at an invitation, and adding a friend by one.

import { call, fullName } from "./dom.js";

/**
 * What an invitation leads to; nothing is done about it. Rejects with the node's words.
 * @param {string} text  an address, an invite link, or a whole message with one of them
 */
export const lookAt = (text) => call("/api/invite/look", { address: text });

/**
 * Add a friend. Resolves with a sentence for the person; rejects with the node's words.
 * @param {string} text  as for `lookAt`
 */
export async function addFriend(text) {
  const { peerId, peerLabel } = await call("/api/friends", { address: text });
  return peerLabel
    ? `Connected to ${fullName(peerLabel, peerId)}. Your node remembers them.`
    : `Connected to ${fullName("your friend", peerId)}. Their name appears in a moment.`;
}
