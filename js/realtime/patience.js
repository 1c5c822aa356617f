// SPDX-License-Identifier: MIT
// Waiting for the node and for people: until time is up, or the page thinks better of it.
import { Deferred, GoopError } from "./errors.js";

/**
 * @import { Hub } from "./hub.js"
 */

export const DEFAULT_TIMEOUT_MS = 60_000;
/** What the node may exceed a timeout by before the page gives up on it. */
const TIMEOUT_GRACE_MS = 5_000;

/**
 * What `work` gives, unless its time is up before, or `signal` ends it.
 * @template T
 * @param {Hub} hub
 * @param {number} timeout
 * @param {AbortSignal | undefined} signal
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTime(hub, timeout, signal, work) {
  const stop = new Deferred();
  const abort = () => stop.reject(new GoopError("aborted", null, { cause: signal?.reason }));
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => stop.reject(new GoopError(hub.line.ready ? "timeout" : "node_unreachable")),
    timeout + TIMEOUT_GRACE_MS,
  );
  try {
    if (signal?.aborted) return await stop.promise;
    return await Promise.race([work(), stop.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
