// SPDX-License-Identifier: MIT
// What the page reads from the node, again and again, and what is drawn of it.

import { banner } from "./banner.js";
import { countsAsNoHome, showWhy } from "./shared_origin.js";

const AWAY = "Your node does not answer. Is it still running? This page goes on by itself when it is back.";

/** @type {Set<GoopReading>} */
const all = new Set();
/** @type {Set<() => void>} */
const drawn = new Set();

/**
 * Something that is read. What could not be read is said in the banner, until it could.
 * @param {string} what
 * @param {() => Promise<unknown>} read
 * @returns {GoopReading}
 */
export function reading(what, read) {
  const one = Goop.reading(
    async () => {
      await read();
      banner(what, "");
      for (const draw of drawn) draw();
    },
    (error) => {
      const noHome = countsAsNoHome(error);
      if (noHome) showWhy(error.message);
      else if (!error.code) console.error(error); // no answer of the node's
      banner(what, noHome ? "" : error.code === "node_unreachable" ? AWAY : error.message);
    },
  );
  all.add(one);
  return one;
}

/** Read everything again: the node was away, or nobody looked for a while. */
export const readAll = () => Promise.all([...all].map((one) => one.again()));

/**
 * Draw it whenever something has been read: what looks the same stays as it is.
 * @param {() => void} draw
 */
export const drawnOf = (draw) => void drawn.add(draw);
