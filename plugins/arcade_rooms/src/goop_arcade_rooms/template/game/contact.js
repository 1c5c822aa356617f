// SPDX-License-Identifier: MIT
// What shots and bombs touch at a tick.
import { ALIENS, BOMB, FIELD, SHIP, SHOT, UFO, fall } from "./rules.js";
import { cellAt } from "./shields.js";

/**
 * @import { Bomb, March } from "./march.js"
 * @import { Ship, State } from "./state.js"
 * @typedef {{ id: string, from: string, x: number, y: number, tick: number }} Shot
 */

/** Where a shot's tip is. @param {Shot} shot @param {number} now */
export const shotY = ({ y, tick }, now) => y - Math.max(0, now - tick) * SHOT.speed;

/** Whether it is still in the field. @param {Shot} shot @param {number} tick */
export const flies = (shot, tick) => shotY(shot, tick) > SHOT.top;

/**
 * @param {{ x: number, y: number }} place
 * @param {{ width: number, height: number }} size
 * @param {number} x
 * @param {number} top
 * @param {number} bottom
 */
const crosses = (place, size, x, top, bottom) =>
  x >= place.x && x < place.x + size.width && bottom >= place.y && top < place.y + size.height;

/**
 * What a shot meets on its way through one tick, as the host tells of it; null for nothing.
 * @param {State} state
 * @param {March} march
 * @param {Shot} shot
 * @param {number} tick
 * @returns {Record<string, unknown> | null}
 */
export function shotMeets(state, march, shot, tick) {
  const [top, bottom] = [shotY(shot, tick), shotY(shot, tick - 1) + SHOT.height];
  const told = { by: shot.from, shot: shot.id };
  const cell = cellAt(state.shields, shot.x, top) ?? cellAt(state.shields, shot.x, (top + bottom) / 2);
  if (cell) return { what: "shield", ...cell, ...told };
  for (const bomb of march.bombs(tick, tick)) {
    const place = { x: bomb.x - 1, y: march.bombY(bomb, tick) };
    if (tick >= bomb.tick && !state.spent.has(bomb.id) && crosses(place, { width: BOMB.width + 2, height: BOMB.height }, shot.x, top, bottom)) {
      return { what: "bomb", bomb: bomb.id, ...told };
    }
  }
  for (const alien of march.alive(tick)) {
    // One that a later shot has hit, which came earlier, is gone.
    if (!state.hits.has(alien) && crosses(march.place(alien, tick), ALIENS, shot.x, top, bottom)) return { what: "alien", alien, ...told };
  }
  const ufo = march.ufo(tick);
  if (ufo && !state.spent.has(ufo.id) && crosses(ufo, UFO, shot.x, top, bottom)) {
    return { what: "ufo", ufo: ufo.id, points: ufo.points, ...told };
  }
  return null;
}

/**
 * What a bomb meets at a tick.
 * @param {State} state
 * @param {March} march
 * @param {Bomb} bomb
 * @param {number} tick
 * @param {(ship: Ship) => number | null} placeOf  where a ship stands that can be hit
 * @returns {Record<string, unknown> | null}
 */
export function bombMeets(state, march, bomb, tick, placeOf) {
  const tip = march.bombY(bomb, tick) + BOMB.height;
  const x = bomb.x + BOMB.width / 2;
  const cell = cellAt(state.shields, x, tip) ?? cellAt(state.shields, x, tip - fall(march.wave) / 2);
  if (cell) return { what: "shield", ...cell, bomb: bomb.id };
  if (tip < SHIP.y || tip - BOMB.height > SHIP.y + SHIP.height) return null;
  for (const ship of state.ships) {
    const left = placeOf(ship);
    if (left !== null && bomb.x + BOMB.width > left && bomb.x < left + SHIP.width) {
      return { what: "ship", ship: ship.peerId, bomb: bomb.id };
    }
  }
  return null;
}

/** Whether a bomb is still above the ground. @param {March} march @param {Bomb} bomb @param {number} tick */
export const falls = (march, bomb, tick) => tick >= bomb.tick && march.bombY(bomb, tick) < FIELD.height - 16;
