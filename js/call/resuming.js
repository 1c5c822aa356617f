// SPDX-License-Identifier: MIT
// What a tab keeps of its call, so that the call goes on when the page is loaded anew.

const KEY = "goop-call";

/** @typedef {{ channel: string, since: number | null, audio: boolean, video: boolean, muted: boolean }} Before */

/** @param {import("./call.js").Call} call */
export function remember({ channelId, since, sends, hasMicrophone }) {
  // A screen is shown again only by whoever shows it.
  const video = sends.video && !sends.screen;
  /** @type {Before} */
  const now = { channel: channelId, since, audio: hasMicrophone, video, muted: hasMicrophone && !sends.audio };
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
