// SPDX-License-Identifier: MIT
// What the page says of a game: what is waited for, and how it came out.
import { total, winners } from "./game/state.js";

/**
 * @import { Cabinet } from "./cabinet.js"
 * @typedef {(peerId: string) => string} Called  a person in a sentence; "you" for one's own
 */

/** @param {string[]} names */
const listed = (names) => new Intl.ListFormat("en", { type: "conjunction" }).format(names);

/** @param {string} sentence */
export const capital = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

/**
 * How a round came out.
 * @param {import("./game/state.js").State} state @param {string} self @param {Called} called
 */
export function outcome(state, self, called) {
  const why = { invaded: "They have landed.", lost: "No ship is left.", cleared: "All are gone." }[state.reason] ?? "It is over.";
  if (state.mode === "together") return `${why} Together ${total(state)} points.`;
  const best = winners(state);
  return `${why} ${capital(listed(best.map(called)))} ${best.length > 1 || best[0] === self ? "win" : "wins"}.`;
}

/**
 * What is waited for. How the last round came out stands before it, whatever becomes of the room.
 * @param {Pick<Cabinet, "ended"> & { room: Pick<GoopRoom, "self" | "host" | "members" | "detail">, game: Pick<Cabinet["game"], "state"> }} cabinet
 * @param {Called} called
 */
export function status({ room, game, ended }, called) {
  const { state } = game;
  const over = state.phase === "over" ? `${outcome(state, room.self, called)} ` : "";
  return over + (ended || waited(room, state, called));
}

/** @param {Pick<GoopRoom, "host" | "members" | "detail">} room @param {import("./game/state.js").State} state @param {Called} called */
function waited(room, state, called) {
  if (room.detail.suspended) return "Nobody is referee just now; one of you will be in a moment.";
  if (state.phase === "playing") return state.wave > 0 ? `Wave ${state.wave}` : "Here they come";
  const missing = room.members.map(({ peerId }) => peerId).filter((peerId) => !state.ready.includes(peerId));
  if (missing.length === 0) return `All are ready: ${called(room.host)} can start.`;
  if (state.ready.length === 0) return "Say that you are ready.";
  return `Waiting for ${listed(missing.map(called))}.`;
}
