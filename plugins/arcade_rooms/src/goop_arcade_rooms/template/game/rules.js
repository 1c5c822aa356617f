// SPDX-License-Identifier: MIT
// The measures of the game. Lengths are in pixels of the field, times in ticks.

/** Ticks in a second. */
export const TICKS = 60;
export const FIELD = { width: 224, height: 256 };

/** `y` is where ships stand; `safe` is how long one is spared after it was hit. */
export const SHIP = { width: 13, height: 8, y: 216, speed: 1.25, lives: 3, safe: 150 };
export const SHIPS = 4;

/** `pause`: between two shots of one ship; `most`: of one ship in the air. */
export const SHOT = { speed: 4, height: 5, top: 24, pause: 18, most: 2 };

export const ALIENS = { columns: 11, rows: 5, pitch: 16, width: 12, height: 8, x: 24, y: 56, step: 2, drop: 8, margin: 6 };
export const ALL_ALIENS = ALIENS.columns * ALIENS.rows;
/** By row, from the top. */
export const POINTS = [30, 20, 20, 10, 10];

export const BOMB = { width: 3, height: 7, kinds: 3 };
export const UFO = { width: 16, height: 7, y: 34, speed: 0.75, first: 10 * TICKS, every: 25 * TICKS, points: [50, 100, 150, 300] };

/** Shields are made of cells. */
export const SHIELD = { count: 4, columns: 11, rows: 8, cell: 2, x: 32, pitch: 46, y: 188 };

/** Between the last alien of a wave and the next wave. */
export const BREATH = 2 * TICKS;
/** How many waves a versus round has; together one plays on until it is over. */
export const VERSUS_WAVES = 3;

/** How fast bombs fall in a wave. @param {number} wave from 1 */
export const fall = (wave) => Math.min(2, 0.9 + wave / 10);

/**
 * How many bombs fall in a second.
 * @param {number} wave
 * @param {number} ships
 */
export const bombsPerSecond = (wave, ships) => Math.min(3, 0.6 + 0.12 * wave + 0.25 * ships);

/**
 * How long the formation stands between two steps: as long as there are aliens, one after the other.
 * @param {number} alive
 * @param {number} wave
 */
export const rest = (alive, wave) => Math.max(1, Math.round(alive * 0.95 ** (wave - 1)));
