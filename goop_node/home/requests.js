// SPDX-License-Identifier: MIT
// Requests from other people that wait for an answer.

import { $, fullName, make, note, paintAvatar } from "./dom.js";

/** Why a request went away, in words. */
const ENDED = {
  accepted: "Accepted.",
  declined: "Declined.",
  cancelled: "The request was withdrawn.",
  expired: "The request ran out of time.",
  answered_elsewhere: "Answered in another tab.",
};

/** channel id → its list item. @type {Map<string, HTMLElement>} */
const waiting = new Map();

/** Those that are being answered in this tab. @type {Set<string>} */
const answering = new Set();

/** "Alice (…k7Qp) invites you to Chess". */
function sentence(request) {
  const who = fullName(request.peerLabel, request.peerId);
  const what = request.title || request.context;
  return what ? `${who} invites you to ${what}` : `${who} wants to open a channel with you`;
}

/** Where accepting leads: the template's own origin, with the channel in the address. */
function destination(request, templates) {
  if (!request.page) return null;
  const name = request.page.split("/").filter(Boolean)[0] || "";
  const template = templates.find((candidate) => candidate.name === name);
  const url = new URL(template ? template.url : request.page, location.href);
  url.searchParams.set("channel", request.channelId);
  return url.href;
}

function drop(channelId, words) {
  const element = waiting.get(channelId);
  if (!element) return;
  const hadFocus = element.contains(document.activeElement);
  element.remove();
  waiting.delete(channelId);
  $("requests").hidden = waiting.size === 0;
  if (words) $("requests-live").textContent = words;
  if (hadFocus) $("main").focus();
}

function show(request, templates) {
  waiting.get(request.channelId)?.remove();
  const text = sentence(request);
  const problem = make("p", { className: "note", role: "status" });
  const accept = make("button", { type: "button", className: "primary" }, "Accept");
  const decline = make("button", { type: "button" }, "Decline");
  accept.dataset.action = "accept";
  decline.dataset.action = "decline";
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, request.peerLabel, request.peerId);
  const element = make(
    "li",
    { "data-channel": request.channelId },
    avatar,
    make("p", { className: "who" }, text),
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
  accept.addEventListener("click", () =>
    answer(
      () => window.Goop.realtime.accept(request.channelId),
      () => {
        const url = destination(request, templates);
        if (url) location.assign(url);
        else drop(request.channelId, `${ENDED.accepted} A page that uses it can go on from here.`);
      },
    ),
  );
  decline.addEventListener("click", () =>
    answer(
      () => window.Goop.realtime.decline(request.channelId),
      () => drop(request.channelId, ENDED.declined),
    ),
  );

  waiting.set(request.channelId, element);
  $("request-list").append(element);
  $("requests").hidden = false;
  $("requests-live").textContent = text;
}

/**
 * Show requests as they come and take them away as they end.
 * @param {Array<{name: string, url: string}>} templates
 */
export function followRequests(templates) {
  const realtime = window.Goop?.realtime;
  if (!realtime) return; // the plugin is not enabled: nobody can ask anything
  realtime.onIncomingEnded = ({ channelId, code }) => {
    // The answer given here is followed by what we do about it.
    if (!answering.has(channelId)) drop(channelId, ENDED[code] || "The request ended.");
  };
  realtime.onIncoming = (request) => show(request, templates);
}
