// SPDX-License-Identifier: MIT
// The shields between aliens and ships, cell by cell.
import { SHIELD } from "./rules.js";
import { chance } from "./random.js";

const SHAPE = [
  "..#######..",
  ".#########.",
  "###########",
  "###########",
  "###########",
  "####...####",
  "###.....###",
  "###.....###",
];

/** A fresh shield: true where there is a cell. @returns {boolean[]} */
export const whole = () => [...SHAPE.join("")].map((cell) => cell === "#");

/**
 * The shield and the cell at a place, if there is one.
 * @param {readonly (readonly boolean[])[]} shields
 * @param {number} x
 * @param {number} y
 * @returns {{ shield: number, cell: number } | null}
 */
export function cellAt(shields, x, y) {
  const row = Math.floor((y - SHIELD.y) / SHIELD.cell);
  if (row < 0 || row >= SHIELD.rows) return null;
  const shield = Math.floor((x - SHIELD.x) / SHIELD.pitch);
  const column = Math.floor((x - SHIELD.x - shield * SHIELD.pitch) / SHIELD.cell);
  if (shield < 0 || shield >= SHIELD.count || column < 0 || column >= SHIELD.columns) return null;
  const cell = row * SHIELD.columns + column;
  return shields[shield][cell] ? { shield, cell } : null;
}

/**
 * A shield that was hit there: that cell goes, and some around it.
 * @param {readonly boolean[]} shield
 * @param {number} cell
 * @returns {boolean[]}
 */
export function eroded(shield, cell) {
  const [row, column] = [Math.floor(cell / SHIELD.columns), cell % SHIELD.columns];
  return shield.map((there, n) => {
    const far = Math.hypot(Math.floor(n / SHIELD.columns) - row, (n % SHIELD.columns) - column);
    return there && far > 0 && (far > 1.5 || chance(cell, n) < 0.35);
  });
}

/** Where a cell is, its left upper corner. @param {number} shield @param {number} cell */
export const cellPlace = (shield, cell) => ({
  x: SHIELD.x + shield * SHIELD.pitch + (cell % SHIELD.columns) * SHIELD.cell,
  y: SHIELD.y + Math.floor(cell / SHIELD.columns) * SHIELD.cell,
});
