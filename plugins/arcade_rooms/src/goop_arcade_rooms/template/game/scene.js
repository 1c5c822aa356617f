// SPDX-License-Identifier: MIT
// What one moment of a game looks like, as plain data: whatever draws it knows nothing of the game.
import { flies, shotY, falls } from "./contact.js";
import { ALIENS, SHIP, UFO } from "./rules.js";
import { isSafe } from "./state.js";

/**
 * @import { Game } from "./game.js"
 */

/** How long something flies apart. */
const BURST = 16;
const WRECK = 50;
/** How long a wave's number stands there. */
const ANNOUNCED = 90;

/** @param {Game} game @param {number} now */
export function sceneOf(game, now) {
  const { state, march } = game;
  // A round that is over stands still.
  const exact = state.phase === "over" ? state.endTick : game.clock.at(now);
  const tick = Math.floor(exact);
  const playing = state.phase === "playing" && march !== null;
  return {
    phase: state.phase,
    shields: state.shields,
    beat: march ? march.number(tick) : 0,
    aliens: march ? aliens(game, march, tick) : [],
    bursts: march ? bursts(game, march, tick) : [],
    bombs: playing ? bombs(game, march, exact) : [],
    shots: playing ? shots(game, exact) : [],
    ufo: playing ? ufo(game, march, exact) : null,
    ships: ships(game, tick, now),
    words: words(state, tick),
  };
}

/** @param {Game} game @param {import("./march.js").March} march @param {number} tick */
function aliens(game, march, tick) {
  const frame = march.number(tick) % 2;
  return march
    .alive(tick)
    .filter((alien) => !game.guesses.has(alien))
    .map((alien) => ({ ...march.place(alien, tick), row: Math.floor(alien / ALIENS.columns), frame }));
}

/** @param {Game} game @param {import("./march.js").March} march @param {number} tick */
function bursts(game, march, tick) {
  const fresh = [...march.hits, ...[...game.guesses].map(([alien, guess]) => /** @type {const} */ ([alien, guess.tick]))];
  return fresh.filter(([, at]) => tick - at < BURST).map(([alien, at]) => march.place(alien, at - 1));
}

/** @param {Game} game @param {import("./march.js").March} march @param {number} exact */
function bombs({ state }, march, exact) {
  const tick = Math.floor(exact);
  return march
    .bombs(tick, tick)
    .filter((bomb) => falls(march, bomb, tick) && !state.spent.has(bomb.id))
    .map((bomb) => ({ id: bomb.id, x: bomb.x, y: march.bombY(bomb, exact), kind: bomb.kind }));
}

/** @param {Game} game @param {number} exact */
function shots({ state, shots: fired, guesses }, exact) {
  const struck = new Set([...guesses.values()].map(({ shot }) => shot));
  const slots = new Map(state.ships.map(({ peerId, slot }) => [peerId, slot]));
  return [...fired.values()]
    .filter((shot) => flies(shot, exact) && !state.spent.has(shot.id) && !struck.has(shot.id) && slots.has(shot.from))
    .map((shot) => ({ id: shot.id, x: shot.x, y: shotY(shot, exact), slot: slots.get(shot.from) }));
}

/** @param {Game} game @param {import("./march.js").March} march @param {number} exact */
function ufo({ state }, march, exact) {
  const found = march.ufo(exact);
  return found && !state.spent.has(found.id) ? { x: found.x, y: UFO.y } : null;
}

/** What stands across the screen. @param {import("./state.js").State} state @param {number} tick */
function words({ phase, wave, waveTick }, tick) {
  if (phase === "over") return "GAME OVER";
  return phase === "playing" && wave > 0 && tick - waveTick < ANNOUNCED ? `WAVE ${wave}` : "";
}

/** @param {Game} game @param {number} tick @param {number} now */
function ships(game, tick, now) {
  return game.state.ships.map((ship) => ({
    peerId: ship.peerId,
    slot: ship.slot,
    own: ship.peerId === game.self,
    x: ship.peerId === game.self ? game.x : (game.tracks.get(ship.peerId)?.drawn(now) ?? null),
    y: SHIP.y,
    lives: ship.lives,
    score: ship.score,
    here: game.members.has(ship.peerId),
    safe: isSafe(ship, tick),
    wreck: ship.hitAt !== null && tick >= ship.hitAt && tick - ship.hitAt < WRECK,
  }));
}
