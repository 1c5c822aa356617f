// SPDX-License-Identifier: MIT
// "Connect to a friend": addresses, invite links, and adding a friend by either.

import { call, fullName } from "./dom.js";

/**
 * The multiaddr in what a person pasted: an invite link (`…/join#<encoded>`) or the address.
 * @param {string} text
 * @returns {string}
 */
export function addressIn(text) {
  const pasted = text.trim();
  const hash = pasted.indexOf("#");
  const part = hash >= 0 ? pasted.slice(hash + 1) : pasted;
  try {
    return decodeURIComponent(part).trim();
  } catch {
    return part.trim();
  }
}

/**
 * The peer id at the end of a multiaddr, or "" where there is none.
 * @param {string} address
 */
export function peerIdIn(address) {
  const found = /\/p2p\/([A-Za-z0-9]+)\/?$/.exec(address);
  return found ? found[1] : "";
}

/**
 * Add a friend. Resolves with a sentence for the person; rejects with the node's words.
 * @param {string} text  an address or an invite link
 */
export async function addFriend(text) {
  const address = addressIn(text);
  const { peerId, peerLabel } = await call("/api/friends", { address });
  return peerLabel
    ? `Connected to ${fullName(peerLabel, peerId)}. Your node remembers them.`
    : `Connected to ${fullName("your friend", peerId)}. Their name appears in a moment.`;
}
