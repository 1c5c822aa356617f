// SPDX-License-Identifier: MIT
// Requests that nobody answered in time: who it was, when, and how to ask back.

import { $, fullName, make, note, paintAvatar } from "./dom.js";
import { strangers, takers } from "./requests.js";
import { templateOf, titleOf } from "./templates.js";

const SPANS = /** @type {const} */ ([["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]]);
const WORDS = new Intl.RelativeTimeFormat("en");
/** How often what is said of times is said anew, in milliseconds. */
const TICK_MS = 15_000;

/** By channel: the request, and its list item. @type {Map<string, {one: any, item: HTMLElement}>} */
const rows = new Map();

/** "5 minutes ago". @param {number} at  Unix milliseconds */
function ago(at) {
  const passed = Date.now() - at;
  for (const [unit, span] of SPANS) if (passed >= span) return WORDS.format(-Math.floor(passed / span), unit);
  return "just now";
}

/** "Alice (…k7Qp) invited you to Chess" */
function sentence(one) {
  const template = templateOf(one.app);
  const what = one.title || one.context || (template ? titleOf(template) : "");
  const who = fullName(one.peerLabel, one.peerId);
  return what ? `${who} invited you to ${what}` : `${who} wanted to open a channel with you`;
}

/** Where one asks back: the template's page, with the person chosen there. */
function destination(template, peerId) {
  const url = new URL(template.url, location.href);
  url.searchParams.set("peer", peerId);
  return url.href;
}

function itemOf(one) {
  const text = sentence(one);
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, one.peerLabel, one.peerId);
  const time = make("time", { dateTime: new Date(one.at).toISOString() });
  const problem = make("p", { className: "note", role: "status" });
  const [template] = takers(one);
  const back = template
    ? [make("a", { className: "button primary", href: destination(template, one.peerId), "aria-label": `Invite back: ${text}` }, "Invite back")]
    : [];
  const dismiss = make("button", { type: "button", "data-action": "dismiss", "aria-label": `Dismiss: ${text}` }, "Dismiss");
  dismiss.addEventListener("click", async () => {
    dismiss.disabled = true;
    try {
      await one.dismiss();
    } catch (error) {
      note(problem, error.message, "bad");
      dismiss.disabled = false;
    }
  });
  const who = make("div", { className: "who" }, make("p", {}, text, ", ", time), ...strangers(one));
  return make("li", { "data-channel": one.channelId }, avatar, who, make("div", { className: "actions" }, ...back, dismiss), problem);
}

function show(missed) {
  const kept = new Set(missed.map((one) => one.channelId));
  for (const [id, { item }] of rows) {
    if (kept.has(id)) continue;
    if (item.contains(document.activeElement)) $("main").focus();
    item.remove();
    rows.delete(id);
  }
  for (const one of missed) if (!rows.has(one.channelId)) rows.set(one.channelId, { one, item: itemOf(one) });
  const newest = [...rows.values()].sort((a, b) => b.one.at - a.one.at);
  $("missed-list").append(...newest.map(({ item }) => item));
  $("missed").hidden = rows.size === 0;
  showTimes();
}

function showTimes() {
  for (const { one, item } of rows.values()) item.querySelector("time").textContent = ago(one.at);
}

/** Show them as they come and go. */
export function followMissed() {
  const realtime = Goop.realtime;
  if (!realtime) return; // the plugin is not enabled: nobody can ask anything
  realtime.invitations(({ missed }) => show(missed));
  setInterval(showTimes, TICK_MS);
}
