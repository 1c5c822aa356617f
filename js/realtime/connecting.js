// SPDX-License-Identifier: MIT
// Asking a peer for a channel: until they answer, time is up, or the page thinks better of it.
import { PAGE, ask, messageJson } from "./asking.js";
import { Deferred, GoopError } from "./errors.js";

/**
 * @import { Conduit } from "./conduit.js"
 * @import { Hub } from "./hub.js"
 */

const DEFAULT_TIMEOUT_MS = 60_000;
/** What the node may exceed a request's timeout by before the page gives up on it. */
const TIMEOUT_GRACE_MS = 5_000;

/**
 * @param {Hub} hub
 * @param {string} peerId
 * @param {GoopConnectOptions} options
 * @returns {Promise<GoopChannel>}
 */
export async function connect(hub, peerId, { context, params, timeout: asked, signal: told, since, new: fresh }) {
  if (params !== undefined) messageJson(params); // throws what no node would take
  const timeout = asked ?? DEFAULT_TIMEOUT_MS;
  const signal = told ?? undefined;
  const stop = new Deferred();
  const abort = () => stop.reject(new GoopError("aborted", null, { cause: signal?.reason }));
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => stop.reject(new GoopError(hub.line.ready ? "timeout" : "node_unreachable")),
    timeout + TIMEOUT_GRACE_MS,
  );
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
    };
    const row = await ask("request", body);
    id = row.channelId;
    hub.invitations.told(row);
    const conduit = hub.conduit(row.channelId);
    if (!given) return row.state === "connecting" ? void withdraw(conduit) : undefined;
    if (row.state === "connecting") conduit.describe(row);
    else conduit.tellState(row);
    const channel = await conduit.opened();
    // It may have become part of another channel meanwhile.
    if (since === "start") hub.conduit(channel.id).inbox.rewind();
    return channel;
  };
  const withdraw = (/** @type {Conduit} */ conduit) => conduit.state === "connecting" && conduit.close();
  try {
    if (signal?.aborted) return await stop.promise;
    return await Promise.race([attempt(), stop.promise]);
  } catch (error) {
    given = false;
    if (id !== undefined) withdraw(hub.conduit(id));
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
