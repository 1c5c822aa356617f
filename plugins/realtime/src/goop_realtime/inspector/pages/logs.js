// SPDX-License-Identifier: MIT
// The list of channels and rooms.

import { $, ask, counted, make, named, tail, watched } from "./parts.js";

const EVERY_MS = 2_000;
const PORTION = 50;

/** The row of each log that is shown, by its id. @type {Map<string, HTMLElement>} */
const items = new Map();
let chosen = "";
let wanted = PORTION;
/** @type {(id: string) => void} */
let choose = () => {};

/** What people call it. */
const titleOf = (log) => log.room || log.context || "no context";

/** With whom it is. */
function peersOf(log) {
  const names = log.peers.slice(0, 4).flatMap((peer) => [", ", named(peer.peerLabel || tail(peer.peerId))]).slice(1);
  const more = log.peers.length > 4 ? ` and ${log.peers.length - 4} more` : "";
  return names.length ? ["with ", ...names, more] : ["nobody else"];
}

function content(log) {
  const state = log.ended ? "ended" : log.state;
  const why = log.code ? ` · ${log.code}` : "";
  const plugin = log.plugin ? ` · ${log.plugin} ${log.version}` : "";
  return [
    make("span", { className: "name" }, titleOf(log)),
    make("span", { className: "tag" }, state),
    make("span", { className: "more" }, ...peersOf(log)),
    make("span", { className: "more" }, `${counted(log.entries, "entry", "entries")}${plugin}${why}`),
    make("span", { className: "more" }, log.id),
  ];
}

function item(log) {
  const known = items.get(log.id);
  const element = known ?? make("li", {}, make("button", { type: "button" }));
  const button = /** @type {HTMLElement} */ (element.firstElementChild);
  const now = make("div", {}, ...content(log));
  const was = make("div", {}, ...[...button.childNodes].map((node) => node.cloneNode(true)));
  if (!now.isEqualNode(was)) button.replaceChildren(...now.childNodes);
  button.setAttribute("aria-current", String(log.id === chosen));
  if (!known) button.addEventListener("click", () => choose(log.id));
  return element;
}

/** Whether somebody is about to press something in the list: then nothing in it changes its place. */
const inUse = () => $("log-list").matches(":hover, :focus-within");

function show(rows) {
  const list = $("log-list");
  const before = new Map(items);
  items.clear();
  for (const log of rows) {
    const before_ = before.get(log.id);
    if (before_) items.set(log.id, before_);
    items.set(log.id, item(log));
  }
  const elements = [...items.values()];
  if (inUse()) {
    for (const [id, element] of before) if (!items.has(id) && element.isConnected) items.set(id, element);
    for (const element of elements) if (!element.isConnected) list.append(element);
    return;
  }
  for (const child of [...list.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
}

async function read() {
  const text = $("logs-find").value;
  const { rows, total, all } = await ask("logs", { text, limit: wanted });
  show(rows);
  $("logs-count").textContent = String(all);
  $("logs-more-line").hidden = total <= rows.length;
  $("logs-more").textContent = `Show more (${counted(total - rows.length, "other", "others")})`;
  $("logs-empty").hidden = total > 0;
  $("logs-empty").textContent = all ? "Nothing has these words." : "There is no channel and no room.";
}

/**
 * Show the list.
 * @param {(id: string) => void} onChoice
 */
export function followLogs(onChoice) {
  choose = onChoice;
  const reading = watched("logs", EVERY_MS, read);
  $("logs-find").addEventListener("input", () => {
    wanted = PORTION;
    void reading.again();
  });
  $("logs-more").addEventListener("click", () => {
    wanted = Math.min(wanted + PORTION, 1000);
    void reading.again();
  });
}

/** Mark the log that is looked at. @param {string} id */
export function markChosen(id) {
  chosen = id;
  for (const [one, element] of items) element.firstElementChild?.setAttribute("aria-current", String(one === id));
}
