// SPDX-License-Identifier: MIT
// A move in words, as it is said aloud: "Knight f3, check".

import { NAMES, placement } from "./pieces.js";

/** Whether another pawn of the same colour stands where it could take on that square, too. */
function hasTwin(pieces, from, to) {
  const file = String.fromCharCode(2 * to.charCodeAt(0) - from.charCodeAt(0));
  const twin = pieces.get(file + from[1]);
  return twin?.kind === "p" && twin.colour === pieces.get(from).colour;
}

/**
 * "Knight f3, check", "Castles kingside", "Pawn takes e6 en passant", "Pawn e8, promotes to queen".
 * Where the move would be one of several of the same words, it says where the piece comes from.
 * @param {{uci: string, san: string}} move
 * @param {string} before  the position it was made in, as FEN
 */
export function moveWords({ uci, san }, before) {
  return what(uci, san, placement(before)) + (san.endsWith("#") ? ", checkmate" : san.endsWith("+") ? ", check" : "");
}

function what(uci, san, pieces) {
  if (san.startsWith("O-O")) return san.startsWith("O-O-O") ? "Castles queenside" : "Castles kingside";
  const [from, to, promoted] = [uci.slice(0, 2), uci.slice(2, 4), uci.slice(4)];
  const pawn = pieces.get(from).kind === "p";
  const takes = san.includes("x");
  const name = NAMES[pieces.get(from).kind];
  // Of a piece's move the notation says where it comes from only where that is in doubt.
  const origin = pawn ? takes && hasTwin(pieces, from, to) : /^[NBRQK][a-h1-8]+x?[a-h][1-8]/.test(san);
  return [
    name[0].toUpperCase() + name.slice(1),
    ...(origin ? ["from", from] : []),
    ...(takes ? ["takes"] : origin ? ["to"] : []),
    to + (promoted ? `, promotes to ${NAMES[promoted]}` : ""),
    ...(pawn && takes && !pieces.has(to) ? ["en passant"] : []),
  ].join(" ");
}
