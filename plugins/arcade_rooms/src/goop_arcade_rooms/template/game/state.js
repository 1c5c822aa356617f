// SPDX-License-Identifier: MIT
// What a round has come to: a fold over what was said in the room, in its order. Everybody who has the
// same messages has the same state, so whoever becomes host goes on with it.
import { ALL_ALIENS, POINTS, ALIENS, SHIELD, SHIP, SHIPS } from "./rules.js";
import { eroded, whole } from "./shields.js";

/**
 * @typedef {"together" | "versus"} Mode
 * @typedef {{ peerId: string, slot: number, lives: number, score: number, hitAt: number | null }} Ship
 * @typedef {{
 *   phase: "lobby" | "playing" | "over", round: number, mode: Mode, seed: number, ready: readonly string[],
 *   ships: readonly Ship[], wave: number, waveTick: number, hits: ReadonlyMap<number, number>,
 *   shields: readonly (readonly boolean[])[], spent: ReadonlySet<string>, reason: string, endTick: number,
 * }} State
 */

/** @type {State} */
export const NOTHING = Object.freeze({
  phase: "lobby",
  round: 0,
  mode: "together",
  seed: 0,
  ready: [],
  ships: [],
  wave: 0,
  waveTick: 0,
  hits: new Map(),
  shields: [],
  spent: new Set(),
  reason: "",
  endTick: 0,
});

const isNumber = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * The state after a message; the same object where it changes nothing.
 * @param {State} state
 * @param {string} from
 * @param {any} message
 * @returns {State}
 */
export function after(state, from, message) {
  switch (message?.type) {
    case "ready":
      return ready(state, from, message.ready === true);
    case "start":
      return start(state, message);
    case "wave":
      return wave(state, message);
    case "hit":
      return state.phase === "playing" ? hit(state, message) : state;
    case "over":
      return over(state, message);
    default:
      return state;
  }
}

/**
 * @param {State} state
 * @param {string} who
 * @param {boolean} is
 */
function ready(state, who, is) {
  if (state.phase === "playing" || state.ready.includes(who) === is) return state;
  return { ...state, ready: is ? [...state.ready, who] : state.ready.filter((other) => other !== who) };
}

/**
 * Somebody has left: they are not ready any more. Their ship stays theirs, should they come back.
 * @param {State} state
 * @param {string} who
 * @returns {State}
 */
export const without = (state, who) => ready(state, who, false);

/**
 * @param {State} state
 * @param {any} message
 * @returns {State}
 */
function start(state, { mode, seed, ships }) {
  if (state.phase === "playing" || !isNumber(seed) || !Array.isArray(ships)) return state;
  const players = [...new Set(ships.map(String))].slice(0, SHIPS);
  if (players.length === 0) return state;
  return {
    ...NOTHING,
    phase: "playing",
    round: state.round + 1,
    mode: mode === "versus" ? "versus" : "together",
    seed,
    ships: players.map((peerId, slot) => ({ peerId, slot, lives: SHIP.lives, score: 0, hitAt: null })),
  };
}

/**
 * @param {State} state
 * @param {any} message
 * @returns {State}
 */
function wave(state, { wave: number, tick }) {
  if (state.phase !== "playing" || number !== state.wave + 1 || !isNumber(tick)) return state;
  const shields = Array.from({ length: SHIELD.count }, whole);
  return { ...state, wave: number, waveTick: tick, hits: new Map(), shields, spent: new Set() };
}

/**
 * @param {State} state
 * @param {any} message
 * @returns {State}
 */
function hit(state, message) {
  const { what, tick, by, shot, bomb } = message;
  if (!isNumber(tick) || message.wave !== state.wave) return state;
  // One that has hit something is gone; it hits nothing else.
  const used = [shot, bomb].filter((id) => typeof id === "string");
  if (used.some((id) => state.spent.has(id))) return state;
  const next = { ...state, spent: new Set([...state.spent, ...used]) };
  switch (what) {
    case "alien":
      return isNumber(message.alien) && message.alien < ALL_ALIENS && !state.hits.has(message.alien)
        ? score({ ...next, hits: new Map([...state.hits, [message.alien, tick]]) }, by, pointsOf(message.alien))
        : state;
    case "ufo":
      return typeof message.ufo === "string" && !state.spent.has(message.ufo) && isNumber(message.points)
        ? score({ ...next, spent: new Set([...next.spent, message.ufo]) }, by, message.points)
        : state;
    case "ship":
      return struck(next, state, String(message.ship), tick);
    case "shield": {
      const shield = state.shields[message.shield];
      if (!shield?.[message.cell]) return next;
      return { ...next, shields: state.shields.with(message.shield, eroded(shield, message.cell)) };
    }
    case "bomb":
      return next;
    default:
      return state;
  }
}

/**
 * @param {State} state
 * @param {any} message
 * @returns {State}
 */
function over(state, { reason, tick }) {
  if (state.phase !== "playing" || !isNumber(tick)) return state;
  return { ...state, phase: "over", ready: [], reason: String(reason), endTick: tick };
}

/** What an alien is worth. @param {number} alien */
export const pointsOf = (alien) => POINTS[Math.floor(alien / ALIENS.columns)];

/**
 * @param {State} state
 * @param {string} who
 * @param {number} points
 * @returns {State}
 */
const score = (state, who, points) => ({
  ...state,
  ships: state.ships.map((ship) => (ship.peerId === who ? { ...ship, score: ship.score + points } : ship)),
});

/**
 * @param {State} next
 * @param {State} state  before
 * @param {string} who
 * @param {number} tick
 * @returns {State}
 */
function struck(next, state, who, tick) {
  const ship = state.ships.find(({ peerId }) => peerId === who);
  if (!ship || ship.lives === 0 || isSafe(ship, tick)) return state;
  const worse = { ...ship, lives: ship.lives - 1, hitAt: tick };
  return { ...next, ships: state.ships.map((one) => (one === ship ? worse : one)) };
}

/** Whether a ship is spared, since it was hit a moment ago. @param {Ship} ship @param {number} tick */
export const isSafe = ({ hitAt }, tick) => hitAt !== null && tick < hitAt + SHIP.safe;

/** @param {State} state */
export const total = ({ ships }) => ships.reduce((sum, { score: points }) => sum + points, 0);

/** Who has won a versus round: those with the most points. @param {State} state @returns {string[]} */
export function winners({ ships }) {
  const best = Math.max(...ships.map(({ score: points }) => points));
  return ships.filter(({ score: points }) => points === best).map(({ peerId }) => peerId);
}
