// SPDX-License-Identifier: MIT
// Beside the screen: who is there and how they stand, what is waited for, and how it came out.
import { $, announce, fullName, make, write } from "./dom.js";
import { ALL_ALIENS } from "./game/rules.js";
import { total } from "./game/state.js";
import { capital, outcome, status } from "./words.js";

/**
 * @import { Cabinet } from "./cabinet.js"
 */

export class Board {
  constructor() {
    this.before = { phase: "", round: 0, wave: 0, lives: 0 };
    /** Labels of everybody who was ever here. @type {Map<string, string>} */
    this.labels = new Map();
  }

  /** @param {Cabinet} cabinet */
  show(cabinet) {
    const { room, game } = cabinet;
    for (const { peerId, peerLabel } of room.members) this.labels.set(peerId, peerLabel);
    /** @param {string} peerId */
    const called = (peerId) => (peerId === room.self ? "you" : fullName(this.#peer(peerId)));
    $("people").replaceChildren(...this.#rows(cabinet, called));
    const { state } = game;
    const playing = state.phase === "playing";
    const ready = state.ready.includes(room.self);
    write($("status"), status(cabinet, called));
    $("ready").hidden = playing;
    $("ready").setAttribute("aria-pressed", String(ready));
    $("host-only").hidden = playing || !game.leads;
    $("start").disabled = state.ready.length === 0;
    $("total").hidden = !playing || state.mode !== "together";
    write($("total"), `Together ${total(state)}`);
    $("screen").setAttribute("aria-label", this.#screen(state));
    this.#announce(cabinet, called);
  }

  /** @param {string} peerId */
  #peer(peerId) {
    return { peerId, peerLabel: this.labels.get(peerId) ?? "" };
  }

  /** @param {Cabinet} cabinet @param {import("./words.js").Called} called */
  #rows({ room, game }, called) {
    const { state } = game;
    const ships = new Map(state.ships.map((ship) => [ship.peerId, ship]));
    const here = new Set(room.members.map(({ peerId }) => peerId));
    const all = [...state.ships.map(({ peerId }) => this.#peer(peerId)), ...room.members.filter(({ peerId }) => !ships.has(peerId))];
    return all.map((peer) => {
      const ship = state.phase === "lobby" ? undefined : ships.get(peer.peerId);
      const words = [];
      if (!here.has(peer.peerId)) words.push("has left");
      else if (state.phase !== "playing") words.push(state.ready.includes(peer.peerId) ? "ready" : "not ready yet");
      else if (!ship) words.push("watches");
      else words.push(ship.lives === 0 ? "no ship left" : ship.lives === 1 ? "1 ship" : `${ship.lives} ships`);
      if (peer.peerId === room.host) words.push("referee");
      return make(
        "li",
        { "data-slot": ship ? ship.slot + 1 : 0, "data-here": here.has(peer.peerId) },
        make("span", { className: "mark", "aria-hidden": "true" }, ship ? String(ship.slot + 1) : "·"),
        make("span", { className: "who" }, capital(called(peer.peerId))),
        make("span", { className: "soft" }, words.join(", ")),
        make("span", { className: "score" }, ship ? String(ship.score) : ""),
      );
    });
  }

  /** What is on the screen, for who does not see it. @param {import("./game/state.js").State} state */
  #screen({ phase, wave, hits }) {
    const left = phase === "playing" && wave > 0 ? ` Wave ${wave}, ${ALL_ALIENS - hits.size} aliens left.` : "";
    return `The game.${left} Arrow keys move your ship, space shoots.`;
  }

  /**
   * Each thing once, for who listens.
   * @param {Cabinet} cabinet @param {import("./words.js").Called} called
   */
  #announce({ room, game }, called) {
    const { state, ship } = game;
    const now = { phase: state.phase, round: state.round, wave: state.wave, lives: ship?.lives ?? 0 };
    const { before } = this;
    this.before = now;
    if (now.phase === "playing" && now.wave !== before.wave && now.wave > 0) announce(`Wave ${now.wave}.`);
    if (now.round === before.round && now.lives < before.lives) {
      announce(now.lives === 0 ? "Your last ship is gone." : `You were hit: ${now.lives === 1 ? "1 ship" : `${now.lives} ships`} left.`);
    }
    if (now.phase === "over" && before.phase === "playing") announce(outcome(state, room.self, called));
  }
}
