// SPDX-License-Identifier: MIT
// The node's list of channels compared with the page's.
import { ask } from "./asking.js";
import { ChannelConduit } from "./channel-conduit.js";
import { incoming } from "./requests.js";

/**
 * @import { Hub } from "./hub.js"
 */

/** After a new socket: what the node no longer lists has ended while nobody could say so. @param {Hub} hub */
export async function reconcile(hub) {
  const socket = hub.sockets;
  /** @type {any[]} */
  const rows = await ask("channels");
  if (socket !== hub.sockets) return;
  for (const conduit of hub.living()) {
    // Of rooms that have ended the node says so, when it is asked how they go on.
    if (!(conduit instanceof ChannelConduit) || conduit.heard === socket) continue;
    const row = rows.find(({ channelId }) => channelId === conduit.id);
    if (!row) conduit.vanish();
    // The end comes behind the messages before it: only the socket knows when.
    else if (row.detail?.final) hub.subscribe({ channels: [conduit.id] });
    else conduit.tellState(row);
  }
  for (const [id, { heard, info }] of hub.requests.waiting) {
    if (info.accepted) continue;
    const waits = rows.some((row) => row.channelId === id && row.incoming);
    if (heard < socket && !waits) hub.requests.end(id, "unknown");
  }
}

/** What was accepted at home for this page stands in its address: whoever serves it gets it. @param {Hub} hub */
export async function takeOver(hub) {
  const id = new URL(location.href).searchParams.get("channel");
  if (!id) return;
  /** @type {any[]} */
  const rows = await ask("channels");
  const row = rows.find(({ channelId }) => channelId === id);
  if (!row || row.incoming || row.detail?.final || row.opener !== row.peerId) return;
  hub.requests.add(incoming(hub, { ...row, channel: id, accepted: true }), hub.sockets);
}
