// SPDX-License-Identifier: MIT
// Offers of a draw, and requests to take a move back: what is open, and what became of ours.

import { $, write } from "./dom.js";
import { whoOf } from "./words.js";

/** @typedef {import("./game.js").GameState} GameState */
/** @typedef {"draw"|"takeback"} Kind */

/** @type {Kind[]} */
const KINDS = ["draw", "takeback"];
const other = (colour) => (colour === "white" ? "black" : "white");
/** The outcomes behind which the next offer waits for an own move. */
const WAITS = new Set(["declined", "passed_over", "expired"]);

/** What became of an offer of ours; an accepted draw is told by the end of the game. */
const OURS = {
  draw: {
    declined: (who) => `${who} declined your draw offer.`,
    passed_over: (who) => `${who} moved on: your draw offer is over.`,
    expired: () => "Your draw offer has expired.",
  },
  takeback: {
    accepted: (who) => `${who} let you take your move back.`,
    declined: (who) => `${who} did not let you take your move back.`,
    passed_over: (who) => `${who} moved on: your request to take a move back is over.`,
    withdrawn: () => "You moved on: your request to take a move back is withdrawn.",
    expired: () => "Your request to take a move back has expired.",
  },
};
/** What became of one of theirs without our doing. */
const THEIRS = {
  draw: { expired: (who) => `${who}'s draw offer has expired.` },
  takeback: {
    withdrawn: (who) => `${who} moved on: the request to take a move back is withdrawn.`,
    expired: (who) => `${who}'s request to take a move back has expired.`,
  },
};

/** The kind of the other player's open offer. @param {GameState} state @returns {Kind|null} */
export function openOffer(state) {
  if (state.status !== "running") return null;
  return KINDS.find((kind) => state.offers[kind][other(state.colour)] === "open") || null;
}

/** What became of the latest offers, in words; "" when there is nothing to tell. @param {GameState} state */
export function offerNews(state) {
  const who = whoOf(state);
  const lines = [];
  for (const kind of KINDS) {
    const ours = state.offers[kind][state.colour];
    const theirs = state.offers[kind][other(state.colour)];
    if (ours in OURS[kind]) lines.push(OURS[kind][ours](who));
    if (state.status === "running" && WAITS.has(ours)) lines.push("You can ask again after your next move.");
    if (theirs in THEIRS[kind]) lines.push(THEIRS[kind][theirs](who));
  }
  return lines.join(" ");
}

/**
 * Show the offers of a game, and what may be offered.
 * @param {GameState} state
 * @param {(name: string) => any} action  finds the button of an action
 */
export function showOffers(state, action) {
  const open = openOffer(state);
  const who = whoOf(state);
  $("offer").hidden = !open;
  if (open) {
    $("offer").dataset.offer = open;
    write($("offer-text"), open === "draw" ? `${who} offers a draw.` : `${who} asks to take the last move back.`);
  }
  write($("offer-news"), offerNews(state));
  const asked = { draw: "Draw offered", takeback: "Take-back asked" };
  const ask = { draw: "Offer draw", takeback: "Take back" };
  for (const kind of KINDS) {
    const ours = state.offers[kind][state.colour];
    action(kind).disabled = ours === "open" || WAITS.has(ours);
    action(kind).textContent = ours === "open" ? asked[kind] : ask[kind];
  }
}
