// SPDX-License-Identifier: MIT
// Requests from other people that wait for an answer.

import { takers } from "./contexts.js";
import { $, call, fullName, make, note, paintAvatar } from "./dom.js";
import { printLine, showPrints } from "./person.js";
import { relation } from "./reach.js";
import { drawnOf } from "./readings.js";
import { Rows } from "./rows.js";
import { settle } from "./steady.js";
import { asksFor, templateOf, titleOf } from "./templates.js";

/** Why a request went away, in words. */
const ENDED = {
  accepted: "Accepted.",
  declined: "Declined.",
  cancelled: "The request was withdrawn.",
  expired: "The request ran out of time.",
  replaced: "They have accepted your request.",
  answered_elsewhere: "Answered in another tab.",
};

/** channel id → what was asked. @type {Map<string, any>} */
const waiting = new Map();

/** Those that are being answered in this tab. @type {Set<string>} */
const answering = new Set();

/** "Alice (…k7Qp) invites you to Chess". */
function sentence(request) {
  const who = fullName(request.peerLabel, request.peerId);
  const what = request.title || request.context;
  if (what) return `${who} invites you to ${what}`;
  const template = templateOf(request.app);
  if (template) return `${who} invites you to ${titleOf(template)}`;
  return request.app
    ? `${who} asks from a page called “${request.app}”, which you do not have`
    : `${who} wants to open a channel with you`;
}

/** Where accepting leads: the template's own origin, with the channel in the address. */
export function destination(template, channelId, room) {
  const url = new URL(template.url, location.href);
  url.searchParams.set(room === undefined ? "channel" : "room", room ?? channelId);
  return url.href;
}

function drop(channelId, words) {
  if (!waiting.delete(channelId)) return;
  draw();
  if (words) $("requests-live").textContent = words;
}

/** Why nothing here can open it, in words. */
function nowhere({ context }) {
  if (!context) return "There is no page here to open it in.";
  return asksFor(context)
    ? "No page here may use it yet: allow one below, under “What templates may do”."
    : "No page here uses it.";
}

/** What stands between the question and its buttons: where to open it, if that is a question. */
function place(request, templates) {
  if (templates.length > 1) {
    const options = templates.map((template) => make("option", { value: template.name }, titleOf(template)));
    const select = make("select", { "data-key": `${request.channelId}-place` }, ...options);
    return make("label", { className: "place" }, "Open it in ", select);
  }
  if (templates.length === 1) return "";
  return make("p", { className: "hint nowhere" }, nowhere(request));
}

/** What the request proposes, where its context says it. */
const proposed = ({ terms }) => (terms ? [make("p", { className: "terms" }, terms)] : []);

/** What to compare before the first answer to somebody. */
export const strangers = ({ peerId }) => (relation(peerId).standing === "friend" ? [] : [printLine(peerId)]);

function itemOf(request) {
  const text = sentence(request);
  const templates = takers(request);
  const problem = make("p", { className: "note", role: "status" });
  const control = (action, words, className = "") =>
    make("button", { type: "button", className, "data-action": action, "data-key": `${request.channelId}-${action}` }, words);
  const accept = control("accept", "Accept", "primary");
  const decline = control("decline", "Decline");
  accept.hidden = templates.length === 0;
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, request.peerLabel, request.peerId);
  const where = place(request, templates);
  const element = make(
    "li",
    { "data-channel": request.channelId },
    avatar,
    make("div", { className: "who" }, make("p", {}, text), ...proposed(request), ...strangers(request)),
    where,
    make("div", { className: "actions", role: "group", "aria-label": text }, accept, decline),
    problem,
  );

  /** Run one answer; what fails is said and may be tried again. */
  async function answer(action, after) {
    accept.disabled = decline.disabled = true;
    answering.add(request.channelId);
    try {
      await action();
      after();
    } catch (error) {
      note(problem, error.message || String(error), "bad");
      accept.disabled = decline.disabled = false;
    } finally {
      answering.delete(request.channelId);
    }
  }
  accept.addEventListener("click", () => {
    const chosen = templateOf(element.querySelector("select")?.value ?? templates[0].name);
    const body = { channelId: request.channelId, template: chosen.name };
    answer(
      () => call("/api/realtime/accept", body),
      () => location.assign(destination(chosen, request.channelId)),
    );
  });
  decline.addEventListener("click", () =>
    answer(
      () => Goop.realtime.decline(request.channelId),
      () => drop(request.channelId, ENDED.declined),
    ),
  );

  return element;
}

/** @type {Rows<any>} */
const rows = new Rows($("request-list"), (request) => request.channelId, itemOf);

function draw() {
  const fresh = rows.show([...waiting.values()]);
  for (const item of fresh) settle(/** @type {HTMLElement} */ (item.querySelector("[data-action=accept]")));
  $("requests").hidden = waiting.size === 0;
  showPrints();
}

function show(request) {
  waiting.set(request.channelId, request);
  draw();
  $("requests-live").textContent = [sentence(request), request.terms].filter(Boolean).join(". ");
}

/** Show requests as they come and take them away as they end. */
export function followRequests() {
  const realtime = Goop.realtime;
  if (!realtime) return; // the plugin is not enabled: nobody can ask anything
  realtime.onIncomingEnded = ({ channelId, code }) => {
    // The answer given here is followed by what we do about it.
    if (!answering.has(channelId)) drop(channelId, ENDED[code] || "The request ended.");
  };
  realtime.onIncoming = (request) => request.accepted || show(request);
  drawnOf(draw);
}
