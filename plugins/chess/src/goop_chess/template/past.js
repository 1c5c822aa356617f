// SPDX-License-Identifier: MIT
// The positions that a game has gone through, as far as the node has told them.

import { moveWords } from "./move-words.js";

/**
 * A half-move and the position after it, as `GET /api/chess/games/{game}/positions` tells it.
 * @typedef {{uci: string, san: string, fen: string, check: boolean}} Told
 * @typedef {Told & {words: string}} Ply  with the move as it is said aloud
 */

export const START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

/**
 * How many moves two games have in common from their beginning.
 * @param {readonly string[]} one
 * @param {readonly string[]} other
 */
export function common(one, other) {
  let count = 0;
  while (count < one.length && count < other.length && one[count] === other[count]) count += 1;
  return count;
}

export class Past {
  /** @param {(after: number) => Promise<{positions: Told[]}>} read  what follows so many half-moves */
  constructor(read) {
    this.read = read;
    /** The half-moves from the beginning, of which the positions are known. @type {Ply[]} */
    this.plies = [];
  }

  /**
   * Learn the positions of these moves. What was taken back is forgotten. Where the node knows another
   * game meanwhile, or cannot be asked (then it rejects), what is missing stays missing until the next time.
   * @param {readonly string[]} moves  the whole game, in UCI
   */
  async follow(moves) {
    const known = this.plies.map((ply) => ply.uci);
    const plies = this.plies.slice(0, common(known, moves));
    try {
      while (plies.length < moves.length) {
        const { positions } = await this.read(plies.length);
        const rest = moves.slice(plies.length);
        const fitting = positions.slice(0, common(positions.map((ply) => ply.uci), rest));
        if (fitting.length === 0) break;
        for (const ply of fitting) plies.push({ ...ply, words: moveWords(ply, plies.at(-1)?.fen ?? START) });
      }
    } finally {
      this.plies = plies; // all at once: nobody sees a game that is half forgotten
    }
  }

  /**
   * The position after so many half-moves, or `null` where it is not known. `lost`: how many pieces
   * each colour has lost.
   * @param {number} count
   */
  after(count) {
    if (count > this.plies.length) return null;
    const lost = { white: 0, black: 0 };
    this.plies.slice(0, count).forEach(({ san }, index) => {
      if (san.includes("x")) lost[index % 2 ? "white" : "black"] += 1;
    });
    const turn = count % 2 ? "black" : "white";
    if (count === 0) return { fen: START, check: false, lastMove: null, turn, lost };
    const { uci, fen, check } = this.plies[count - 1];
    return { fen, check, lastMove: { from: uci.slice(0, 2), to: uci.slice(2, 4) }, turn, lost };
  }
}
