// SPDX-License-Identifier: MIT
// Beside the screen: who is there and how they stand, what is waited for, and how it came out.
import { $, announce, fullName, make, write } from "./dom.js";
import { ALL_ALIENS } from "./game/rules.js";
import { total, winners } from "./game/state.js";

/**
 * @import { Cabinet } from "./cabinet.js"
 */

/** @param {{ peerId: string, peerLabel: string }} peer @param {string} self */
const called = (peer, self) => (peer.peerId === self ? "you" : fullName(peer));

/** @param {string[]} names */
const listed = (names) => new Intl.ListFormat("en", { type: "conjunction" }).format(names);

/** @param {string} sentence */
const capital = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

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
    $("people").replaceChildren(...this.#rows(cabinet));
    const { state } = game;
    const playing = state.phase === "playing";
    const ready = state.ready.includes(room.self);
    write($("status"), this.#status(cabinet));
    $("ready").hidden = playing;
    $("ready").setAttribute("aria-pressed", String(ready));
    $("host-only").hidden = playing || !game.leads;
    $("start").disabled = state.ready.length === 0;
    $("total").hidden = !playing || state.mode !== "together";
    write($("total"), `Together ${total(state)}`);
    $("screen").setAttribute("aria-label", this.#screen(state));
    this.#announce(cabinet);
  }

  /** @param {string} peerId */
  #peer(peerId) {
    return { peerId, peerLabel: this.labels.get(peerId) ?? "" };
  }

  /** @param {Cabinet} cabinet */
  #rows({ room, game }) {
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
        make("span", { className: "who" }, capital(called(peer, room.self))),
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

  /** What is waited for, or how it came out. @param {Cabinet} cabinet */
  #status({ room, game, ended }) {
    const { state } = game;
    if (ended) return ended;
    if (room.detail.suspended) return "Nobody is referee just now; one of you will be in a moment.";
    if (state.phase === "playing") return state.wave > 0 ? `Wave ${state.wave}` : "Here they come";
    const over = state.phase === "over" ? `${this.#outcome(state, room.self)} ` : "";
    const missing = room.members.filter(({ peerId }) => !state.ready.includes(peerId));
    if (missing.length === 0) return `${over}All are ready: ${called(this.#peer(room.host), room.self)} can start.`;
    if (state.ready.length === 0) return `${over}Say that you are ready.`;
    return `${over}Waiting for ${listed(missing.map((peer) => called(peer, room.self)))}.`;
  }

  /** @param {import("./game/state.js").State} state @param {string} self */
  #outcome(state, self) {
    const why = { invaded: "They have landed.", lost: "No ship is left.", cleared: "All are gone." }[state.reason] ?? "It is over.";
    if (state.mode === "together") return `${why} Together ${total(state)} points.`;
    const best = winners(state);
    const names = capital(listed(best.map((peerId) => called(this.#peer(peerId), self))));
    return `${why} ${names} ${best.length > 1 || best[0] === self ? "win" : "wins"}.`;
  }

  /** Each thing once, for who listens. @param {Cabinet} cabinet */
  #announce({ room, game }) {
    const { state, ship } = game;
    const now = { phase: state.phase, round: state.round, wave: state.wave, lives: ship?.lives ?? 0 };
    const { before } = this;
    this.before = now;
    if (now.phase === "playing" && now.wave !== before.wave && now.wave > 0) announce(`Wave ${now.wave}.`);
    if (now.round === before.round && now.lives < before.lives) {
      announce(now.lives === 0 ? "Your last ship is gone." : `You were hit: ${now.lives === 1 ? "1 ship" : `${now.lives} ships`} left.`);
    }
    if (now.phase === "over" && before.phase === "playing") announce(this.#outcome(state, room.self));
  }
}
