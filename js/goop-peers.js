// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/** Goop.peers: who is online, as a list and live. */
import { TabStream } from "./peers/tabs.js";
import { PEER_CALLBACKS, checkOptions } from "./shared/checks.js";

(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.peers) return;

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

  const stream = new TabStream("/api/peers/events", ["snapshot", "update", "remove"], {
    event(name, data) {
      if (name === "snapshot") snapshot(data.peers ?? []);
      else if (name === "update") update(data);
      else remove(data);
    },
    failed: (error) => tell("onError", error),
    snapshot: () => (rows ? { peers: [...rows.values()] } : null),
  });

  /** @param {any[]} list */
  function snapshot(list) {
    rows = new Map(list.map((row) => peer(row)).map((row) => [row.peerId, row]));
    tell("onSnapshot", [...rows.values()]);
  }

  /** @param {any} event */
  function update(event) {
    const row = peer(event.peer ?? {}, event.peer_id);
    rows?.set(row.peerId, row);
    tell("onUpdate", { ...event, peerId: row.peerId, peer: row });
  }

  /** @param {any} event */
  function remove(event) {
    rows?.delete(event.peer_id);
    tell("onRemove", { ...event, peerId: event.peer_id });
  }

  function close() {
    stream.close();
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
      checkOptions("Goop.peers.subscribe(callbacks)", callbacks ?? "nothing", PEER_CALLBACKS);
      subscribers.add(callbacks);
      if (!stream.opened) stream.open();
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
    const wake = () => subscribers.size > 0 && stream.open();
    // An open stream would keep the browser from storing the page for "back"; one in a frozen page
    // would be nobody's.
    addEventListener("pagehide", (event) => event.persisted && close());
    addEventListener("pageshow", (event) => event.persisted && wake());
    addEventListener("freeze", close);
    addEventListener("resume", wake);
  }
})();
