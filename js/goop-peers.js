// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/** Goop.peers: who is online, as a list and live. */
(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.peers) return;

  const RETRY_MS = 2_000;

  /**
   * A row of the node, with the SDK's own spelling beside the node's.
   * @param {any} row
   * @param {string} [id] for rows that lack one
   * @returns {GoopPeer}
   */
  function peer(row, id = "") {
    const peerId = row.ID || id;
    return { ...row, ID: peerId, peerId, peerLabel: row.Content ?? "", online: row.online ?? !row.Offline };
  }

  /** @type {Set<GoopPeerCallbacks>} */
  const subscribers = new Set();
  /** @type {Map<string, GoopPeer> | null} what a subscriber that comes later is told */
  let rows = null;
  /** @type {EventSource | null} */
  let source = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /**
   * @param {keyof GoopPeerCallbacks} name
   * @param {any} value
   */
  function tell(name, value) {
    for (const callbacks of [...subscribers]) tellOne(callbacks, name, value);
  }

  /**
   * @param {GoopPeerCallbacks} callbacks
   * @param {keyof GoopPeerCallbacks} name
   * @param {any} value
   */
  function tellOne(callbacks, name, value) {
    try {
      callbacks[name]?.(value);
    } catch (error) {
      console.error(`Goop.peers: ${name} failed:`, error);
    }
  }

  function open() {
    timer = undefined;
    const opened = new EventSource("/api/peers/events");
    source = opened;
    opened.addEventListener("snapshot", ({ data }) => {
      /** @type {GoopPeer[]} */
      const list = (JSON.parse(data).peers ?? []).map((/** @type {any} */ row) => peer(row));
      rows = new Map(list.map((row) => [row.peerId, row]));
      tell("onSnapshot", list);
    });
    opened.addEventListener("update", ({ data }) => {
      const event = JSON.parse(data);
      const row = peer(event.peer ?? {}, event.peer_id);
      rows?.set(row.peerId, row);
      tell("onUpdate", { ...event, peerId: row.peerId, peer: row });
    });
    opened.addEventListener("remove", ({ data }) => {
      const event = JSON.parse(data);
      rows?.delete(event.peer_id);
      tell("onRemove", { ...event, peerId: event.peer_id });
    });
    opened.onerror = (error) => {
      tell("onError", error);
      // The browser comes back by itself, except where the node answered with an error.
      if (opened.readyState !== 2 || source !== opened) return;
      source = null;
      timer = setTimeout(open, RETRY_MS);
    };
  }

  function close() {
    clearTimeout(timer);
    timer = undefined;
    source?.close();
    source = null;
    rows = null;
  }

  /** @type {GoopPeers} */
  const peers = {
    async list() {
      const response = await fetch("/api/peers", { credentials: "same-origin", cache: "no-store" });
      if (!response.ok) {
        const { detail, code } = await response.json().catch(() => ({}));
        throw Object.assign(new Error(detail ?? `the node answered ${response.status}`), { code });
      }
      return (await response.json()).map((/** @type {any} */ row) => peer(row));
    },
    subscribe(callbacks) {
      subscribers.add(callbacks);
      if (!source && timer === undefined) open();
      else if (rows) tellOne(callbacks, "onSnapshot", [...rows.values()]);
      return () => {
        if (subscribers.delete(callbacks) && subscribers.size === 0) close();
      };
    },
    unsubscribe() {
      subscribers.clear();
      close();
    },
  };
  root.Goop.peers = peers;

  if (typeof addEventListener === "function") {
    // An open stream would keep the browser from storing the page for "back".
    addEventListener("pagehide", (event) => {
      if (event.persisted) close();
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted && subscribers.size > 0 && !source) open();
    });
  }
})();
