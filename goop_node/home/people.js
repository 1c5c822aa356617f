// SPDX-License-Identifier: MIT
// Who is online: a list that follows the node's peer events.

import { $, fingerprint, make, paintAvatar } from "./dom.js";

/** peer id → row, as the node last told it. @type {Map<string, any>} */
const people = new Map();

const idOf = (row) => row.peerId || row.ID;
const labelOf = (row) => row.peerLabel || row.Content || "Somebody";
const isOnline = (row) => (row.online !== undefined ? row.online : !row.Offline);

/** What a row says beside the name. */
function stateOf(row) {
  if (!isOnline(row)) return "Offline";
  return row.Reachable === false ? "No link yet" : "Online";
}

function item(row) {
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, labelOf(row), idOf(row));
  const state = stateOf(row);
  return make(
    "li",
    { "data-peer": idOf(row), "data-online": String(isOnline(row)), "data-reachable": String(row.Reachable !== false), title: idOf(row) },
    avatar,
    make(
      "span",
      { className: "who" },
      make("span", { className: "name" }, labelOf(row)),
      make("span", { className: "print" }, ` (${fingerprint(idOf(row))})`),
    ),
    make("span", { className: "presence" }, state),
  );
}

function render() {
  const rows = [...people.values()].sort(
    (a, b) =>
      Number(isOnline(b)) - Number(isOnline(a)) ||
      labelOf(a).localeCompare(labelOf(b)) ||
      idOf(a).localeCompare(idOf(b)),
  );
  const online = rows.filter(isOnline).length;
  $("people-list").replaceChildren(...rows.map(item));
  $("people-count").textContent = online ? String(online) : "";
  $("people-empty").hidden = rows.length > 0;
}

/** Take one row in, and say aloud who came or went. */
function take(row) {
  const before = people.get(idOf(row));
  const now = { ...before, ...row };
  people.set(idOf(row), now);
  const came = isOnline(now) && !(before && isOnline(before));
  const went = before && isOnline(before) && !isOnline(now);
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
      for (const row of rows || []) people.set(idOf(row), row);
      render();
      onLink(true);
    },
    onUpdate(event) {
      const row = { ...(event.peer || event) };
      row.ID = row.ID || event.peer_id || event.peerId;
      take(row);
      render();
      onLink(true);
    },
    onRemove(event) {
      people.delete(event.peer_id || event.peerId);
      render();
    },
    onError() {
      onLink(false);
    },
  });
}
