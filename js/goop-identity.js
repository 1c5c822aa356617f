// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/** Goop.identity: who the node of this page is. */
(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.identity) return;

  /** @type {Promise<GoopSelf> | null} */
  let known = null;

  /** @returns {Promise<GoopSelf>} */
  async function load() {
    const response = await fetch("/api/self", { credentials: "same-origin", cache: "no-store" });
    if (!response.ok) {
      const { detail, code } = await response.json().catch(() => ({}));
      throw Object.assign(new Error(detail ?? `the node answered ${response.status}`), { code });
    }
    const self = await response.json();
    return { ...self, peerId: self.id, peerLabel: self.label };
  }

  /** @type {GoopIdentity} */
  const identity = {
    get() {
      return known ?? identity.refresh();
    },
    id: async () => (await identity.get()).id,
    label: async () => (await identity.get()).label,
    email: async () => (await identity.get()).email,
    refresh() {
      const asked = load();
      known = asked;
      // A failure is not remembered: the next caller asks again.
      asked.catch(() => {
        if (known === asked) known = null;
      });
      return asked;
    },
  };
  root.Goop.identity = identity;
})();
