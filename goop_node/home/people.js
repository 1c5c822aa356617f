// SPDX-License-Identifier: MIT
// Who is online: a list that follows the node's peer events.

import { $, fingerprint, make, paintAvatar } from "./dom.js";

/** peer id → row, as the node last told it. @type {Map<string, any>} */
const people = new Map();

const labelOf = (row) => row.peerLabel || "Somebody";

/** What a row says beside the name. */
function stateOf(row) {
  if (!row.online) return "Offline";
  return row.Reachable === false ? "No link yet" : "Online";
}

function item(row) {
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, labelOf(row), row.peerId);
  const state = stateOf(row);
  return make(
    "li",
    {
      "data-peer": row.peerId,
      "data-online": String(row.online),
      "data-reachable": String(row.Reachable !== false),
      title: row.peerId,
    },
    avatar,
    make(
      "span",
      { className: "who" },
      make("span", { className: "name" }, labelOf(row)),
      make("span", { className: "print" }, ` (${fingerprint(row.peerId)})`),
    ),
    make("span", { className: "presence" }, state),
  );
}

function render() {
  const rows = [...people.values()].sort(
    (a, b) =>
      Number(b.online) - Number(a.online) ||
      labelOf(a).localeCompare(labelOf(b)) ||
      a.peerId.localeCompare(b.peerId),
  );
  const online = rows.filter((row) => row.online).length;
  $("people-list").replaceChildren(...rows.map(item));
  $("people-count").textContent = online ? String(online) : "";
  $("people-empty").hidden = rows.length > 0;
}

/** Take one row in, and say aloud who came or went. */
function take(row) {
  const before = people.get(row.peerId);
  const now = { ...before, ...row };
  people.set(row.peerId, now);
  const came = now.online && !before?.online;
  const went = before?.online && !now.online;
  if (came) $("people-live").textContent = `${labelOf(now)} is online`;
  if (went) $("people-live").textContent = `${labelOf(now)} went offline`;
}

/**
 * Follow the node's peers.
 * @param {(connected: boolean) => void} onLink  told when the event stream breaks or is back
 */
export function followPeople(onLink) {
  window.Goop.peers.subscribe({
    onSnapshot(rows) {
      people.clear();
      for (const row of rows || []) people.set(row.peerId, row);
      render();
      onLink(true);
    },
    onUpdate({ peer }) {
      take(peer);
      render();
      onLink(true);
    },
    onRemove(event) {
      people.delete(event.peerId);
      render();
    },
    onError() {
      onLink(false);
    },
  });
}
