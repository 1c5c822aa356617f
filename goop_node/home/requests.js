// SPDX-License-Identifier: MIT
// Requests from other people that wait for an answer.

import { $, call, fullName, make, note, paintAvatar, settle } from "./dom.js";
import { printLine } from "./person.js";
import { relation } from "./reach.js";
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

/** channel id → what was asked, and its list item. @type {Map<string, {request: any, element: HTMLElement}>} */
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

/** The templates that may have it: one that it is meant for, or those to choose from. */
export function takers(request) {
  const may = (request.templates ?? []).map(templateOf).filter(Boolean);
  const meant = (request.page ?? "").split("/").filter(Boolean)[0];
  const own = may.filter((template) => template.name === meant);
  return own.length ? own : may;
}

/** Where accepting leads: the template's own origin, with the channel in the address. */
export function destination(template, channelId) {
  const url = new URL(template.url, location.href);
  url.searchParams.set("channel", channelId);
  return url.href;
}

function drop(channelId, words) {
  const element = waiting.get(channelId)?.element;
  if (!element) return;
  const hadFocus = element.contains(document.activeElement);
  element.remove();
  waiting.delete(channelId);
  $("requests").hidden = waiting.size === 0;
  if (words) $("requests-live").textContent = words;
  if (hadFocus) $("main").focus();
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
    return make("label", { className: "place" }, "Open it in ", make("select", {}, ...options));
  }
  if (templates.length === 1) return "";
  return make("p", { className: "hint nowhere" }, nowhere(request));
}

/** What the request proposes, where its context says it. */
const proposed = ({ terms }) => (terms ? [make("p", { className: "terms" }, terms)] : []);

/** What to compare before the first answer to somebody. */
export const strangers = ({ peerId }) => (relation(peerId).standing === "friend" ? [] : [printLine(peerId)]);

function show(request) {
  const before = waiting.get(request.channelId)?.element;
  const text = sentence(request);
  const templates = takers(request);
  const problem = make("p", { className: "note", role: "status" });
  const accept = make("button", { type: "button", className: "primary" }, "Accept");
  const decline = make("button", { type: "button" }, "Decline");
  accept.dataset.action = "accept";
  decline.dataset.action = "decline";
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

  waiting.set(request.channelId, { request, element });
  if (before) before.replaceWith(element);
  else $("request-list").append(element);
  $("requests").hidden = false;
  if (!before) {
    settle(accept);
    $("requests-live").textContent = [text, request.terms].filter(Boolean).join(". ");
  }
}

/** Something was granted or taken back: who may have a request can be others now. */
export async function refreshRequests() {
  if (waiting.size === 0) return;
  for (const row of await call("/api/realtime/channels")) {
    const known = waiting.get(row.channelId);
    const same = String(known?.request.templates) === String(row.templates);
    if (known && row.incoming && !same) show({ ...known.request, templates: row.templates });
  }
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
}
