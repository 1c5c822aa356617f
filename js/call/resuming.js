// SPDX-License-Identifier: MIT
// What a tab keeps of its call, so that the call rings on, or goes on, when the page is loaded anew.

const KEY = "goop-call";
/** How long a page that is loaded anew waits for its predecessor to let go of the call. */
const HANDOVER_MS = 1_500;

/**
 * @typedef {object} Before
 * @property {string} channel  `""` while it rings there: the node knows then by peer and context
 * @property {string} peerId
 * @property {string} context
 * @property {number | null} since
 * @property {boolean} audio  whether there is a microphone, or the browser is being asked for it
 * @property {boolean} video
 * @property {boolean} muted
 */

/** @param {import("./call.js").Call} call */
export function remember({ channelId, peerId, context, since, sends, asks, hasMicrophone }) {
  // A screen is shown again only by whoever shows it.
  const video = asks.video || (sends.video && !sends.screen);
  const audio = asks.audio || hasMicrophone;
  /** @type {Before} */
  const now = { channel: channelId, peerId, context, since, audio, video, muted: hasMicrophone && !sends.audio };
  store((storage) => storage.setItem(KEY, JSON.stringify(now)));
}

export function forget() {
  store((storage) => storage.removeItem(KEY));
}

/** @returns {Before | null} */
export function remembered() {
  return store((storage) => JSON.parse(storage.getItem(KEY) ?? "null")) ?? null;
}

/**
 * Have a call to oneself for as long as it lasts: a tab that was duplicated remembers it as well, and would
 * take it away. Where browsers have no locks (an address that is neither loopback nor https) nobody asks.
 * @param {{ peerId: string, context: string }} call
 * @returns {Promise<(() => void) | null>} what lets go of it; `null` where another tab has it
 */
export function hold({ peerId, context }) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    const held = () => new Promise((/** @type {(value?: unknown) => void} */ letGo) => resolve(() => letGo()));
    const signal = AbortSignal.timeout(HANDOVER_MS);
    locks.request(`${KEY} ${context} ${peerId}`, { signal }, held).catch(() => resolve(null));
  });
}

/**
 * @template T
 * @param {(storage: Storage) => T} use
 * @returns {T | undefined}
 */
function store(use) {
  try {
    return use(sessionStorage);
  } catch {
    return undefined; // storage is blocked: a call then ends with its page
  }
}
