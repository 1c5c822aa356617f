// SPDX-License-Identifier: MIT
// What happens in a game, said to whoever listens instead of looking: each thing once, in order.

import { $, make } from "./dom.js";
import { openOffer } from "./offers.js";
import { common } from "./past.js";
import { outcome, whoOf } from "./words.js";

/** Lines that stay for who reads them again. */
const KEPT = 30;
const OFFERS = { draw: "offers a draw", takeback: "asks to take the last move back" };

/**
 * Say something, after what is being said. The page shows it elsewhere.
 * @param {string} text
 */
export function announce(text) {
  $("spoken").append(make("p", {}, text));
  while ($("spoken").childElementCount > KEPT) $("spoken").firstElementChild.remove();
}

export class Announcer {
  constructor() {
    /** The game that is followed, and what the listener knows of it. */
    this.game = null;
    /** @type {import("./past.js").Ply[]} */
    this.said = [];
    this.running = false;
    this.offer = null;
  }

  /** Say what is new in a game; of one that was not followed before that is nothing. */
  follow(game) {
    const { state, past } = game;
    const running = state.status === "running";
    const offer = openOffer(state);
    const who = whoOf(state);
    const fresh = this.game !== game;
    const kept = fresh ? past.plies.length : common(this.said.map((ply) => ply.uci), state.uci);
    const gone = fresh ? [] : this.said.slice(kept);
    const made = past.plies.slice(kept); // where the node has not told all yet, the rest comes later
    if (gone.length > 0) announce(`Taken back: ${gone.map((ply) => ply.words).join(", ")}.`);
    made.forEach(({ words }, index) => {
      const mine = ((kept + index) % 2 === 0) === (state.colour === "white");
      announce(`${mine ? "You" : who}: ${words}.`);
    });
    if (!fresh && this.running && !running) announce(`${outcome(state).replace(/ \(.*\)$/, "")}.`);
    if (!fresh && offer && offer !== this.offer) announce(`${who} ${OFFERS[offer]}.`);
    const said = fresh ? past.plies : [...this.said.slice(0, kept), ...made];
    Object.assign(this, { game, said, running, offer });
  }

  /** Nobody looks at the game any longer. */
  leave() {
    this.game = null;
  }
}
