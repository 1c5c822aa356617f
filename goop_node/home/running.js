// SPDX-License-Identifier: MIT
// What is running, and what of it waits for the person: contexts say it, this page only shows it.

import { $, call, fingerprint, make, note, paintAvatar } from "./dom.js";
import { drawnOf } from "./readings.js";
import { destination } from "./requests.js";
import { Rows, keepFocus } from "./rows.js";
import { settle } from "./steady.js";
import { templateOf, titleOf } from "./templates.js";
import { ago } from "./times.js";

/** What runs, as the node told it last. @type {any[]} */
let living = [];
/** Whose channel is gone, and what came of it has not been seen. By channel id. @type {Map<string, any>} */
const over = new Map();
/** Where the person is asked whether to end it. @type {Set<string>} */
const asking = new Set();
/** What each said of itself last. @type {Map<string, string>} */
const heard = new Map();

/** How often what is said of times is said anew, in milliseconds. */
const TICK_MS = 60_000;

/** What a channel is for: its context's title, else the page's that has it. A room has a name, too. */
function whatOf(row) {
  const template = templateOf(row.template ?? row.app);
  const what = row.title || (template ? titleOf(template) : row.app);
  return isRoom(row) ? [what, `“${row.room}”`].filter(Boolean).join(" ") : what || "A channel";
}

const isRoom = (row) => row.room !== undefined;
const whoOf = (row) => row.peerLabel || (isRoom(row) ? "nobody else" : "Somebody");
/** What tells people apart who have one name; a room has no key. */
const printOf = (row) => (isRoom(row) ? "" : ` (${fingerprint(row.peerId)})`);
const nameOf = (row) => `${whatOf(row)} with ${whoOf(row)}${printOf(row)}`;

/** What a context says in a line: whose name it has in it, it may not know to keep apart. */
const withNameApart = (said, { peerLabel }) => (peerLabel ? said.replaceAll(peerLabel, () => Goop.names.apart(peerLabel)) : said);

/** How it stands with the other person. */
function linkOf(row) {
  if (isRoom(row)) return roomLinkOf(row);
  if (row.state === "asking") return "Waits for an answer";
  if (row.state === "connecting") return "Connecting…";
  if (row.state === "away") return "They have no page open";
  if (row.state === "suspended") return row.reason || "Their node is not there; this waits for it";
  return row.state === "ended" ? "Ended" : "Connected";
}

function roomLinkOf(row) {
  if (row.state === "connecting") return row.reason || "Looking for the others…";
  if (row.state === "suspended") return row.reason || "Whoever kept it in order is away; another takes over";
  return row.state === "ended" ? "Left" : "Connected";
}

function button(key, words, row, work, className = "") {
  const props = { type: "button", className, "aria-label": `${words}: ${nameOf(row)}`, "data-key": `${row.channelId}-${key}` };
  const made = make("button", props, words);
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

/** Asked first: a channel ends for both. */
function question(row, attempted) {
  const room = isRoom(row);
  const yes = button("yes", room ? "Leave" : "End it", row, () => attempted(() => end(row)), "danger");
  const no = button("no", room ? "Stay" : "Keep it", row, () => ask(row, false, "end"));
  settle(yes);
  const words = room
    ? "Leave this room? The others go on without you."
    : `End this for both of you? ${Goop.names.apart(whoOf(row))} is told.`;
  return make("div", { className: "actions ending", role: "group", "aria-label": Goop.names.spoken(words) }, make("p", {}, words), yes, no);
}

const end = (row) => call(`/api/realtime/${isRoom(row) ? "leave" : "close"}`, { channelId: row.channelId });

/** Ask, or ask no more, and lead the keyboard to what comes next. */
function ask(row, asked, next) {
  if (asked) asking.add(row.channelId);
  else asking.delete(row.channelId);
  draw();
  /** @type {HTMLElement|null} */ (document.querySelector(`[data-key="${CSS.escape(`${row.channelId}-${next}`)}"]`))?.focus();
}

function actions(row, attempted) {
  const { channelId } = row;
  if (asking.has(channelId)) return question(row, attempted);
  const group = make("div", { className: "actions" });
  const template = templateOf(row.template ?? "");
  if (template && row.state !== "asking") {
    const className = isDue(row) ? "button primary" : "button";
    const props = { className, href: destination(template, channelId, row.room), "data-key": `${channelId}-open` };
    group.append(make("a", { ...props, "aria-label": `Open: ${nameOf(row)}` }, "Open"));
  }
  if (over.has(channelId)) group.append(button("dismiss", "Dismiss", row, () => dismiss(row)));
  else if (row.state === "asking") group.append(button("withdraw", "Withdraw", row, () => attempted(() => end(row))));
  else group.append(button("end", isRoom(row) ? "Leave…" : "End it…", row, () => ask(row, true, "no")));
  return group;
}

const isDue = (row) => row.waiting || over.has(row.channelId);

function dismiss(row) {
  over.delete(row.channelId);
  draw();
}

function itemOf(row) {
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, row.room ?? row.peerLabel, row.peerId || row.channelId);
  const said = Goop.attention.words(row);
  const since = make("span", { className: "since", "data-since": String(row.since ?? "") });
  const element = make("li", { "data-channel": row.channelId, "data-state": row.state, "data-waiting": String(isDue(row)) });
  element.append(
    avatar,
    make(
      "div",
      { className: "who" },
      make("p", { className: "name" }, `${whatOf(row)} with ${Goop.names.apart(whoOf(row))}`, make("span", { className: "print" }, printOf(row))),
      ...(said ? [make("p", { className: "said" }, make("bdi", {}, withNameApart(said, row)))] : []),
      make("p", { className: "hint" }, linkOf(row), since),
    ),
    actions(row, (work) => attempt(element, work)),
    make("p", { className: "note", role: "status" }),
  );
  return element;
}

/** @type {Record<"due"|"running", Rows<any>>} */
const lists = {
  due: new Rows($("due-list"), (row) => row.channelId, itemOf),
  running: new Rows($("running-list"), (row) => row.channelId, itemOf),
};

function draw() {
  // Requests have a place of their own, where they are answered.
  const all = [...living.filter((row) => row.state !== "asked"), ...over.values()];
  const shown = { due: all.filter(isDue), running: all.filter((row) => !isDue(row)) };
  keepFocus(() => {
    for (const name of /** @type {const} */ (["due", "running"])) {
      lists[name].show(shown[name]);
      $(name).hidden = shown[name].length === 0;
      $(`${name}-count`).textContent = shown[name].length ? String(shown[name].length) : "";
    }
  });
  showTimes();
}

function showTimes() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const since = Number(place.getAttribute("data-since"));
    const told = since ? ` · ${ago(since)}` : "";
    if (place.textContent !== told) place.textContent = told;
  }
}

/** What the node tells: all of it, and what is gone. */
function follow(rows, ended) {
  living = rows;
  for (const row of rows) over.delete(row.channelId);
  for (const row of ended) {
    asking.delete(row.channelId);
    // What came of it may not have been seen: nobody handled it, and it was news to this page.
    if (row.ended && row.unread > 0) over.set(row.channelId, row);
  }
  draw();
  for (const row of [...rows, ...ended]) {
    const said = Goop.attention.words(row);
    if (said && heard.has(row.channelId) && heard.get(row.channelId) !== said) {
      $("running-live").textContent = `${nameOf(row)}: ${said}`;
    }
    heard.set(row.channelId, said);
  }
  for (const row of ended) heard.delete(row.channelId);
}

/** Where a click on a notification leads. */
function openRow(row) {
  const template = templateOf(row.template ?? "");
  if (row.state === "asked" || !template) $(row.state === "asked" ? "requests" : "due").scrollIntoView();
  else location.assign(destination(template, row.channelId, row.room));
}

/** The switch for notifications, which waits for nothing: who sees it may press it. */
export function offerNotifications() {
  const { attention, realtime } = Goop;
  $("notify").hidden = !realtime; // without that plugin nothing can run
  if (realtime) attention.control($("notify"), $("notify-words"));
}

/** Show what runs as it changes, and what waits in the tab's title, on its icon and as notifications. */
export function followRunning() {
  const { attention, realtime } = Goop;
  if (!realtime) return;
  attention.start({ onOpen: openRow });
  realtime.running(follow);
  drawnOf(draw);
  setInterval(showTimes, TICK_MS);
}
