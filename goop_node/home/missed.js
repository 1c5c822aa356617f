// SPDX-License-Identifier: MIT
// Requests that nobody answered in time: who it was, when, and how to ask back.

import { takers } from "./contexts.js";
import { $, fullName, make, note, paintAvatar } from "./dom.js";
import { showPrints } from "./person.js";
import { drawnOf } from "./readings.js";
import { strangers } from "./requests.js";
import { Rows } from "./rows.js";
import { templateOf, titleOf } from "./templates.js";
import { ago } from "./times.js";

/** How often what is said of times is said anew, in milliseconds. */
const TICK_MS = 15_000;

/** What the node told last. @type {any[]} */
/** @type {readonly GoopMissed[]} */
let missed = [];

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
  const props = (action, words) => ({
    "aria-label": `${words}: ${text}`,
    "data-action": action,
    "data-key": `${one.channelId}-${action}`,
  });
  const back = template
    ? [make("a", { ...props("back", "Invite back"), className: "button primary", href: destination(template, one.peerId) }, "Invite back")]
    : [];
  const dismiss = make("button", { ...props("dismiss", "Dismiss"), type: "button" }, "Dismiss");
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

/** @type {Rows<any>} */
const rows = new Rows($("missed-list"), (one) => one.channelId, itemOf);

function draw() {
  rows.show([...missed].sort((a, b) => b.at - a.at));
  $("missed").hidden = missed.length === 0;
  showTimes();
  showPrints();
}

function showTimes() {
  for (const time of $("missed-list").querySelectorAll("time")) {
    const words = ago(Date.parse(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}

/** Show them as they come and go. */
export function followMissed() {
  const realtime = Goop.realtime;
  if (!realtime) return; // the plugin is not enabled: nobody can ask anything
  realtime.invitations((told) => {
    missed = told.missed;
    draw();
  });
  drawnOf(draw);
  setInterval(showTimes, TICK_MS);
}
