// SPDX-License-Identifier: MIT
// Our invitations that wait for an answer, and those of others that were missed. The node keeps
// both: they are here after a reload and in every tab, and an invitation waits on without a page.

import { waitAt } from "./addresses.js";
import { $, fullName, make, personTag, place, say, write } from "./dom.js";
import { isChess } from "./game.js";
import { ago, left, reached } from "./invitation-words.js";
import { printOf } from "./prints.js";

/** How long somebody has to answer, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;
/** Ends that nobody has to be told of: the person has done it, or it lives on as another. */
const QUIET = new Set(["aborted", "cancelled", "replaced"]);

/**
 * What becomes of an invitation, for the rest of the page.
 * @typedef {object} Does
 * @property {() => void} wait  show the view for waiting
 * @property {() => void} back  show what was there before
 * @property {(channel?: GoopChannel) => boolean} busy  whether the person plays another game just now
 * @property {(channel: GoopChannel) => void} open  a game has begun
 * @property {(error: Error) => void} fail
 */

/** @type {Does} */
let does;
/** Our invitations, by channel. @type {Map<string, GoopInvitation>} */
let sent = new Map();
/** Those of others that were missed. @type {Map<string, GoopMissed>} */
let missed = new Map();
/** Those that this document has asked for, by whom and what. @type {Map<string, AbortController>} */
const asked = new Map();
/** Channels whose answer is waited for already. */
const followed = new Set();
/** The one that the view for waiting is about. @type {{peerId: string, peerLabel: string, context: string}|null} */
let shown = null;
/** What the address names, until it is known whether it still waits. @type {string|null} */
let wanted = null;
/** The items of the lobby's list, by channel. @type {Map<string, HTMLElement>} */
const items = new Map();

const keyOf = ({ peerId, context }) => `${peerId} ${context}`;
const listed = () => [...sent.values()].find((one) => shown && keyOf(one) === keyOf(shown));

/** Whether the view for waiting is what the person sees. */
export const isWaiting = () => shown !== null;

/** The person looks at something else: the invitation waits on, in the lobby. */
export function leaveWaiting() {
  shown = null;
}

/**
 * The person comes back to an invitation; whether it still waits.
 * @param {string|null} invitation
 */
export function waitAgain(invitation) {
  const one = sent.get(invitation ?? "");
  if (one) wait(one);
  return one !== undefined;
}

/** A name for a new game that nobody else has. */
export function newContext() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `chess_${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Ask somebody to play; the page waits until they answer. Who is asked for something else already
 * is asked for this instead.
 * @param {{peerId: string, label: string}} peer
 * @param {string} context
 * @param {{colour: string}} params  colour and clock, as proposed
 */
export async function invite(peer, context, params) {
  const one = { peerId: peer.peerId, peerLabel: peer.label, context };
  for (const old of sent.values()) if (old.peerId === one.peerId && old.context !== context) old.withdraw();
  const controller = new AbortController();
  asked.set(keyOf(one), controller);
  wait(one);
  const { signal } = controller;
  try {
    arrived(one, await Goop.realtime.connect(one.peerId, { context, params, timeout: TIMEOUT_MS, signal }));
  } catch (error) {
    ended(one, error);
  } finally {
    asked.delete(keyOf(one));
  }
}

/** The person takes back what the view for waiting is about. */
export function withdrawShown() {
  if (!shown) return;
  const controller = asked.get(keyOf(shown));
  if (controller) controller.abort();
  else listed()?.withdraw();
}

function wait(one) {
  shown = one;
  say("");
  write($("waiting-text"), `Waiting for ${fullName(one.peerLabel, one.peerId)} to answer…`);
  $("waiting-print").replaceChildren(printOf(one.peerId));
  $("waiting-reach").textContent = $("waiting-left").textContent = "";
  does.wait();
  showWaiting();
  $("waiting-text").focus();
}

/** They have accepted. Who plays just now is not led away. */
function arrived(one, channel) {
  const here = shown !== null && keyOf(shown) === keyOf(one);
  if (here) shown = null;
  if (here || !does.busy(channel)) {
    does.open(channel);
    return;
  }
  say(`${fullName(one.peerLabel, one.peerId)} has accepted your invitation. The game is in your list.`);
}

function ended(one, error) {
  if (shown && keyOf(shown) === keyOf(one)) {
    shown = null;
    does.back();
  }
  if (!QUIET.has(error.code)) does.fail(error);
}

/** Wait for the answer to what an earlier document, or another tab, has asked. */
async function follow(one) {
  followed.add(one.channelId);
  try {
    arrived(one, await one.opened());
  } catch (error) {
    ended(one, error);
  }
}

/**
 * Follow what the node has.
 * @param {Does} on
 * @param {string|null} invitation  what the address names: the page waited for it before a reload
 */
export function startInvitations(on, invitation) {
  does = on;
  wanted = invitation;
  Goop.realtime.invitations((now) => {
    sent = new Map(now.sent.filter(isChess).map((one) => [one.channelId, one]));
    missed = new Map(now.missed.filter(isChess).map((one) => [one.channelId, one]));
    for (const one of sent.values()) if (!followed.has(one.channelId) && !asked.has(keyOf(one))) follow(one);
    const before = wanted && sent.get(wanted);
    if (before && !does.busy()) wait(before);
    if (before) wanted = null;
    showAll();
  });
  setInterval(showTimes, 1000);
}

function showAll() {
  const kept = new Map(/** @type {[string, any][]} */ ([...sent, ...missed]));
  for (const [id, item] of items) if (!kept.has(id)) drop(id, item);
  for (const [id, one] of kept) if (!items.has(id)) items.set(id, sent.has(id) ? sentItem(one) : missedItem(one));
  for (const [list, ones] of Object.entries({ sent, missed })) place($(list), [...ones.keys()].map((id) => items.get(id)));
  $("invitations").hidden = kept.size === 0;
  showWaiting();
  showTimes();
}

function drop(id, item) {
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  items.delete(id);
  if (hadFocus) $("games-title").focus({ preventScroll: true });
}

/** What the view for waiting says of how things stand; after a reload the address leads back to it. */
function showWaiting() {
  const one = listed();
  if (!one) return;
  $("waiting-reach").textContent = reached(one);
  waitAt(one.channelId);
}

/** Time goes by. */
function showTimes() {
  const waits = listed();
  if (waits) $("waiting-left").textContent = left(waits.expiresAt);
  for (const [id, one] of sent) write(items.get(id).querySelector(".facts"), `${left(one.expiresAt)} · ${reached(one)}`);
  for (const [id, one] of missed) write(items.get(id).querySelector("time"), ago(one.at));
}

/** An item with what can be done about it; what fails is said, and may be tried again. */
function itemOf(one, who, ...buttons) {
  const name = fullName(one.peerLabel, one.peerId);
  const made = buttons.map(([action, words, className, work]) => {
    const button = make("button", { type: "button", className, "data-action": action, "aria-label": `${words}: ${name}` }, words);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await work();
      } catch (error) {
        does.fail(error);
      }
      button.disabled = false;
    });
    return button;
  });
  return make("li", { "data-channel": one.channelId }, who, make("div", { className: "controls" }, ...made));
}

function sentItem(one) {
  const who = make("div", { className: "who" }, make("strong", {}, personTag(one.peerLabel, one.peerId)));
  who.append(make("span", {}, "You have invited them."), make("span", { className: "soft facts" }));
  return itemOf(
    one,
    who,
    ["wait", "Wait", "primary", () => wait(one)],
    ["withdraw", "Withdraw", "", () => sent.get(one.channelId)?.withdraw()],
  );
}

function missedItem(one) {
  const time = make("time", { dateTime: new Date(one.at).toISOString() });
  const who = make("p", { className: "who" }, personTag(one.peerLabel, one.peerId));
  who.append(" invited you, ", time, ".");
  return itemOf(
    one,
    who,
    ["back", "Invite back", "primary", () => inviteBack(one)],
    ["dismiss", "Dismiss", "", () => one.dismiss()],
  );
}

/** To the same game, with the colours that they had proposed. */
function inviteBack(one) {
  const peer = { peerId: one.peerId, label: one.peerLabel };
  const theirs = one.params?.colour ?? "white";
  const colour = theirs === "random" ? theirs : theirs === "white" ? "black" : "white";
  invite(peer, one.context === "chess" ? newContext() : one.context, { ...one.params, colour });
}
