// SPDX-License-Identifier: MIT
// Asking a peer for a channel.
import { PAGE, ask, messageJson } from "./asking.js";
import { DEFAULT_TIMEOUT_MS, inTime } from "./patience.js";

/**
 * @import { ChannelConduit } from "./channel-conduit.js"
 * @import { Hub } from "./hub.js"
 */

/**
 * @param {Hub} hub
 * @param {string} peerId
 * @param {GoopConnectOptions} options
 * @returns {Promise<GoopChannel>}
 */
export async function connect(hub, peerId, { context, params, timeout: asked, signal: told, since, new: fresh, unopened }) {
  if (params !== undefined) messageJson(params); // throws what no node would take
  const timeout = asked ?? DEFAULT_TIMEOUT_MS;
  /** @type {string | undefined} */
  let id;
  let given = true;
  const attempt = async () => {
    await hub.line.whenReady();
    if (!given) return; // withdrawn before it was made
    const body = {
      peerId,
      context: context ?? undefined,
      params,
      timeout: Math.max(1, Math.round(timeout)),
      page: PAGE,
      ...(fresh ? { new: true } : {}),
      ...(unopened ? { unopened: true } : {}),
    };
    const before = hub.states;
    const row = await ask("request", body);
    id = row.channelId;
    const conduit = hub.answered(row, before);
    if (!given) return row.state === "connecting" ? void withdraw(conduit) : undefined;
    const channel = await conduit.opened();
    // It may have become part of another channel meanwhile.
    if (since === "start") hub.conduit(channel.id).inbox.rewind();
    return channel;
  };
  const withdraw = (/** @type {ChannelConduit} */ conduit) => conduit.state === "connecting" && conduit.close();
  try {
    return await inTime(hub, timeout, told ?? undefined, attempt);
  } catch (error) {
    given = false;
    if (id !== undefined) withdraw(hub.conduit(id));
    throw error;
  }
}
