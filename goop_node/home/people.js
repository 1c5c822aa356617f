// SPDX-License-Identifier: MIT
// Who is online: a list that follows the node's peer events, with what can be decided of each.

import { $, fingerprint, fullName, make, paintAvatar } from "./dom.js";
import { canPlay, facts, playLinks, printLine, showPrints } from "./person.js";
import { decide, refreshSoon, relation } from "./reach.js";
import { drawnOf } from "./readings.js";
import { Rows } from "./rows.js";
import { showCompany } from "./status.js";

/** peer id → row, as the node last told it. @type {Map<string, any>} */
const people = new Map();
/** Whose choices are shown, and whether a block waits to be confirmed. */
let opened = { peerId: "", asking: false };

const labelOf = (row) => row.peerLabel || "Somebody";

/** What a row says beside the name. */
function stateOf(row) {
  if (!row.online) return "Offline";
  return row.Reachable === false ? "No link yet" : "Online";
}

/** Show other choices, or none, and leave the focus where the person is. */
function open(peerId, asking, focus) {
  opened = { peerId, asking };
  render();
  if (peerId) refreshSoon(); // why the last attempt failed may have changed
  /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${focus}"]`))?.focus();
}

function button(key, words, work, className = "") {
  const made = make("button", { type: "button", className, "data-key": key }, words);
  made.addEventListener("click", work);
  return made;
}

function block(row) {
  opened = { peerId: "", asking: false };
  decide(row.peerId, "block", labelOf(row));
}

/** What can be decided about somebody. */
function choices(row) {
  const id = row.peerId;
  const { standing, fixed } = relation(id);
  if (opened.asking) {
    const question = `Block ${fullName(labelOf(row), id)}? What is going on between you stops.`;
    return make(
      "div",
      { className: "choices", role: "group", "aria-label": question },
      make("p", {}, question),
      button(`${id}-yes`, "Block", () => block(row), "danger"),
      button(`${id}-no`, "Cancel", () => open(id, false, `${id}-block`)),
    );
  }
  const friend = standing === "friend";
  const own = friend
    ? button(`${id}-friend`, "Forget", () => decide(id, "forget", labelOf(row)))
    : button(`${id}-friend`, "Make a friend", () => decide(id, "befriend", labelOf(row)));
  own.disabled = fixed;
  if (fixed) own.title = "Named in goop.toml or when the node was started";
  const links = row.online ? playLinks(id) : [];
  return make(
    "div",
    { className: "choices", id: `choices-${id}` },
    ...(links.length ? [make("p", {}, "Open together:"), ...links] : []),
    facts(id),
    own,
    button(`${id}-block`, "Block…", () => open(id, true, `${id}-no`)),
  );
}

/** "Play…": shows the choices, with the keyboard at the first thing to open. */
function play(row) {
  const made = button(`${row.peerId}-play`, "Play…", () => {
    open(row.peerId, false, "");
    $(`choices-${row.peerId}`)?.querySelector("a")?.focus();
  });
  made.setAttribute("aria-label", Goop.names.spoken(`Play… with ${fullName(labelOf(row), row.peerId)}`));
  return made;
}

function item(row) {
  const id = row.peerId;
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, labelOf(row), id);
  const isOpen = opened.peerId === id;
  const more = button(
    `${id}-more`,
    "⋯",
    () => open(isOpen ? "" : id, false, `${id}-more`),
    "plain more",
  );
  more.setAttribute("aria-expanded", String(isOpen));
  more.setAttribute("aria-label", Goop.names.spoken(`Choices for ${fullName(labelOf(row), id)}`));
  const friend = relation(id).standing === "friend";
  return make(
    "li",
    {
      "data-peer": id,
      "data-online": String(row.online),
      "data-reachable": String(row.Reachable !== false),
      "data-standing": relation(id).standing,
      title: id,
    },
    avatar,
    make(
      "span",
      { className: "who" },
      make("span", { className: "name" }, Goop.names.apart(labelOf(row))),
      make("span", { className: "print" }, ` (${fingerprint(id)})`),
      ...(friend ? [" ", make("span", { className: "tag" }, "Friend")] : []),
    ),
    make("span", { className: "presence" }, stateOf(row)),
    ...(row.online && canPlay() ? [play(row)] : []),
    more,
    ...(friend || isOpen ? [] : [printLine(id)]),
    ...(isOpen ? [choices(row)] : []),
  );
}

/** @type {Rows<any>} */
const list = new Rows($("people-list"), (row) => row.peerId, item);

function render() {
  const rows = [...people.values()]
    .filter((row) => relation(row.peerId).standing !== "blocked")
    .sort(
      (a, b) =>
        Number(b.online) - Number(a.online) ||
        labelOf(a).localeCompare(labelOf(b)) ||
        a.peerId.localeCompare(b.peerId),
    );
  const online = rows.filter((row) => row.online).length;
  list.show(rows);
  $("people-count").textContent = online ? String(online) : "";
  $("people-empty").hidden = rows.length > 0;
  showCompany(rows.filter((row) => row.online && row.Reachable !== false).length);
  showPrints();
}

/** Take one row in, and say aloud who came or went. */
function take(row) {
  const before = people.get(row.peerId);
  const now = { ...before, ...row };
  people.set(row.peerId, now);
  if (relation(row.peerId).standing === "blocked") return;
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
  drawnOf(render);
  Goop.peers.subscribe({
    onSnapshot(rows) {
      people.clear();
      for (const row of rows || []) people.set(row.peerId, row);
      render();
      onLink(true);
    },
    onUpdate({ peer }) {
      const isNew = !people.has(peer.peerId);
      take(peer);
      render();
      if (isNew) refreshSoon();
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
