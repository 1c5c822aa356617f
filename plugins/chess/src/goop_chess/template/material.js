// SPDX-License-Identifier: MIT
// Who has more on the board, in pawns: counted from the pieces that stand there, so that a pawn
// that became a queen counts as one.

const VALUES = { p: 1, n: 3, b: 3, r: 5, q: 9, k: 0 };

/**
 * How many pawns' worth `colour` is ahead; negative where it is behind.
 * @param {Map<string, {kind: string, colour: "white"|"black"}>} pieces  square → piece
 * @param {"white"|"black"} colour
 */
export function lead(pieces, colour) {
  let sum = 0;
  for (const piece of pieces.values()) sum += piece.colour === colour ? VALUES[piece.kind] : -VALUES[piece.kind];
  return sum;
}
