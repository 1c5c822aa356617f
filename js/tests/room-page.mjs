// SPDX-License-Identifier: MIT
// A page with a room, and a node that the test has say things of it.
import { openPage, settle } from "./page.mjs";

export const ROOM = "room-0123456789abcdef";
export const peer = (peerId) => ({ peerId, peerLabel: peerId[0].toUpperCase() + peerId.slice(1) });
const row = (state, more) => ({
  channel: ROOM, id: "arcade_1", context: "arcade_1", state, host: "alice", maxPeers: 4, self: "alice", members: [peer("alice")], ...more,
});

/** A page of Alice's that is in no room yet; what it asks to join is joining. */
export function emptyPage() {
  const page = openPage();
  const { node } = page;
  node.answers.join = ({ room }) => ({ channelId: ROOM, id: room, state: "joining" });
  /** What the node says of a room. */
  node.room = (state, more = {}) => node.tell({ type: "room", ...row(state, more) });
  /** Somebody joins or leaves. */
  node.member = (kind, peerId, seq, more = {}) =>
    node.tell({ type: "member", channel: ROOM, kind, peer: peer(peerId), epoch: 1, host: "alice", seq, ...more });
  /** A message of a room. */
  node.said = (from, seq, data, more = {}) =>
    node.message(ROOM, seq, data, { from, id: `${from}-${seq}`, epoch: 1, host: "alice", ...more });
  return page;
}

/** A page of Alice's in a room. */
export async function openRoom(more = {}, options = {}) {
  const page = emptyPage();
  const asked = page.realtime.joinRoom("arcade_1", options);
  await settle();
  page.node.room("joined", more);
  return { ...page, room: await asked };
}
