// SPDX-License-Identifier: MIT
// What is running, and what of it waits for the person: contexts say it, this page only shows it.

import { $, call, fingerprint, make, note, paintAvatar, settle } from "./dom.js";
import { destination } from "./requests.js";
import { templateOf, titleOf } from "./templates.js";

/** @typedef {{ row: any, element: HTMLElement, asking: boolean, over: boolean }} Item */

/** What is shown, by channel id. @type {Map<string, Item>} */
const shown = new Map();

const MINUTE = 60_000;
const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["day", 24 * 60 * MINUTE],
  ["hour", 60 * MINUTE],
  ["minute", MINUTE],
]);
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "5 minutes ago". @param {number} since  Unix ms */
function ago(since) {
  const gone = Math.max(0, Date.now() - since);
  const [unit, length] = UNITS.find(([, each]) => gone >= each) ?? ["minute", MINUTE];
  return gone < MINUTE ? "just now" : relative.format(-Math.floor(gone / length), unit);
}

/** What a channel is for: its context's title, else the page's that has it. */
function whatOf(row) {
  const template = templateOf(row.template ?? row.app);
  return row.title || (template ? titleOf(template) : row.app) || "A channel";
}

const whoOf = (row) => row.peerLabel || "Somebody";
const nameOf = (row) => `${whatOf(row)} with ${whoOf(row)} (${fingerprint(row.peerId)})`;

/** How it stands with the other person. */
function linkOf(row) {
  if (row.state === "asking") return "Waits for an answer";
  if (row.state === "connecting") return "Connecting…";
  if (row.state === "away") return "They have no page open";
  if (row.state === "suspended") return row.reason || "Their node is not there; this waits for it";
  return row.state === "ended" ? "Ended" : "Connected";
}

function button(words, row, work, className = "") {
  const made = make("button", { type: "button", className, "aria-label": `${words}: ${nameOf(row)}` }, words);
  made.addEventListener("click", work);
  return made;
}

/** What is done about it that may fail; then it can be tried again. */
async function attempt(element, work) {
  const buttons = [...element.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  try {
    await work();
  } catch (error) {
    note(element.querySelector(".note"), error.message || String(error), "bad");
    for (const each of buttons) each.disabled = false;
  }
}

/** Asked first: it ends for both. */
function question(item) {
  const { row } = item;
  const yes = button("End it", row, () => attempt(item.element, () => end(row)), "danger");
  const no = button("Keep it", row, () => ask(item, false));
  no.dataset.focus = "yes";
  settle(yes);
  const words = `End this for both of you? ${Goop.names.apart(whoOf(row))} is told.`;
  return make("div", { className: "actions ending", role: "group", "aria-label": Goop.names.spoken(words) }, make("p", {}, words), yes, no);
}

const end = (row) => call("/api/realtime/close", { channelId: row.channelId });

/** @param {Item} item @param {boolean} asking */
function ask(item, asking) {
  item.asking = asking;
  draw(item);
  /** @type {HTMLElement|null} */ (item.element.querySelector("[data-focus]"))?.focus();
}

function actions(item) {
  const { row } = item;
  if (item.asking) return question(item);
  const group = make("div", { className: "actions" });
  const template = templateOf(row.template ?? "");
  if (template && row.state !== "asking") {
    const due = row.waiting || item.over;
    const props = { className: due ? "button primary" : "button", href: destination(template, row.channelId) };
    group.append(make("a", { ...props, "aria-label": `Open: ${nameOf(row)}` }, "Open"));
  }
  if (item.over) group.append(button("Dismiss", row, () => drop(row.channelId)));
  else if (row.state === "asking") group.append(button("Withdraw", row, () => attempt(item.element, () => end(row))));
  else {
    const ending = button("End it…", row, () => ask(item, true));
    ending.dataset.focus = "yes";
    group.append(ending);
  }
  return group;
}

/** Make the list item anew. @param {Item} item */
function draw(item) {
  const { row, element } = item;
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, row.peerLabel, row.peerId);
  const said = Goop.attention.words(row);
  element.dataset.state = row.state;
  element.dataset.waiting = String(row.waiting || item.over);
  element.replaceChildren(
    avatar,
    make(
      "div",
      { className: "who" },
      make("p", { className: "name" }, `${whatOf(row)} with ${Goop.names.apart(whoOf(row))}`, make("span", { className: "print" }, ` (${fingerprint(row.peerId)})`)),
      ...(said ? [make("p", { className: "said" }, make("bdi", {}, said))] : []),
      make("p", { className: "hint" }, linkOf(row), make("span", { className: "since" })),
    ),
    actions(item),
    make("p", { className: "note", role: "status" }),
  );
  showTime(item);
}

function showTime({ row, element }) {
  const place = element.querySelector(".since");
  if (place) place.textContent = row.since ? ` · ${ago(row.since)}` : "";
}

function drop(channelId) {
  const element = shown.get(channelId)?.element;
  const hadFocus = element?.contains(document.activeElement);
  element?.remove();
  shown.delete(channelId);
  count();
  if (hadFocus) $("main").focus();
}

/** Take a row in. `over`: its channel is gone, and what came of it has not been seen. */
function take(row, over) {
  const before = shown.get(row.channelId);
  const item = before ?? { row, element: make("li", { "data-channel": row.channelId }), asking: false, over };
  const same = before && before.over === over && JSON.stringify(before.row) === JSON.stringify(row);
  item.row = row;
  item.over = over;
  shown.set(row.channelId, item);
  if (same) return;
  const focus = [...item.element.querySelectorAll("button, a")].indexOf(document.activeElement);
  draw(item);
  const list = $(row.waiting || over ? "due-list" : "running-list");
  if (item.element.parentElement !== list) list.append(item.element);
  if (focus >= 0) /** @type {HTMLElement} */ ([...item.element.querySelectorAll("button, a")][focus])?.focus();
  const said = Goop.attention.words(row);
  if (before && said) $("running-live").textContent = `${nameOf(row)}: ${said}`;
}

function count() {
  for (const name of ["due", "running"]) {
    const many = $(`${name}-list`).childElementCount;
    $(name).hidden = many === 0;
    $(`${name}-count`).textContent = many ? String(many) : "";
  }
}

/** What the node tells: all of it, and what is gone. */
function follow(rows, ended) {
  const here = new Set(rows.map((row) => row.channelId));
  for (const row of ended) {
    // What came of it may not have been seen: nobody handled it, and it was news to this page.
    if (row.ended && row.unread > 0) take(row, true);
  }
  for (const [channelId, item] of [...shown]) if (!here.has(channelId) && !item.over) drop(channelId);
  // Requests have a place of their own, where they are answered.
  for (const row of rows) if (row.state !== "asked") take(row, false);
  count();
}

/** Where a click on a notification leads. */
function openRow(row) {
  const template = templateOf(row.template ?? "");
  if (row.state === "asked" || !template) $(row.state === "asked" ? "requests" : "due").scrollIntoView();
  else location.assign(destination(template, row.channelId));
}

/** Show what runs as it changes, and what waits in the tab's title, on its icon and as notifications. */
export function followRunning() {
  const { attention, realtime } = Goop;
  $("notify").hidden = !realtime;
  if (!realtime) return; // the plugin is not enabled: nothing can run
  attention.control($("notify"), $("notify-words"));
  attention.start({ onOpen: openRow });
  realtime.running(follow);
  setInterval(() => shown.forEach(showTime), MINUTE);
}
