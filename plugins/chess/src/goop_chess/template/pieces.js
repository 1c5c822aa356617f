// SPDX-License-Identifier: MIT
// The piece set, drawn for this page in a box of 100 × 100, and how to read a position.

const SVG = "http://www.w3.org/2000/svg";

const BASE = "M27 90h46c3 0 5-2 5-5v-2c0-5-4-8-9-9H31c-5 1-9 4-9 9v2c0 3 2 5 5 5z";

/** Filled shapes first, then lines drawn on top of them. */
const SHAPES = {
  p: {
    fill: ["M44 46c0 13-5 20-14 28h40c-9-8-14-15-14-28z", "M35 42h30c3 0 3 7 0 7H35c-3 0-3-7 0-7z", "M50 15a14.5 14.5 0 1 1 0 29a14.5 14.5 0 1 1 0-29z", BASE],
    line: [],
  },
  r: {
    fill: ["M36 40h28l4 34H32z", "M27 18h11v8h7v-8h10v8h7v-8h11v17c0 4-3 7-7 7H34c-4 0-7-3-7-7z", BASE],
    line: [],
  },
  n: {
    fill: ["M73 74C77 48 70 26 50 20L45 10L38 20C31 25 27 33 23 42L17 54C15 60 20 66 26 64L31 61C36 61 41 59 46 54C47 61 42 65 37 69C34 71 32 73 31 74Z", BASE],
    line: ["M55 26c10 9 13 24 11 40", "M25.5 56l3-1.5"],
    dot: ["M39 32a3 3 0 1 1 0 6a3 3 0 1 1 0-6z"],
  },
  b: {
    fill: ["M41 62h18c0 6 4 9 10 12H31c6-3 10-6 10-12z", "M50 20c12 9 19 18 19 28 0 8-5 13-11 15H42c-6-2-11-7-11-15 0-10 7-19 19-28z", "M50 9a6 6 0 1 1 0 12a6 6 0 1 1 0-12z", "M37 60h26c3 0 3 7 0 7H37c-3 0-3-7 0-7z", BASE],
    line: ["M59 31l-11 14"],
  },
  q: {
    fill: ["M29 68L19 31l14 13 4-22 10 20 3-24 3 24 10-20 4 22 14-13-10 37z", "M28 65h44c4 0 5 9 1 9H27c-4 0-3-9 1-9z", "M18 24a5 5 0 1 1 0 10a5 5 0 1 1 0-10z", "M37 14a5 5 0 1 1 0 10a5 5 0 1 1 0-10z", "M50 9a5 5 0 1 1 0 10a5 5 0 1 1 0-10z", "M63 14a5 5 0 1 1 0 10a5 5 0 1 1 0-10z", "M82 24a5 5 0 1 1 0 10a5 5 0 1 1 0-10z", BASE],
    line: [],
  },
  k: {
    fill: ["M46 8h8v6h6v7h-6v9h-8v-9h-6v-7h6z", "M50 25c8 6 9 14 0 26-9-12-8-20 0-26z", "M50 46c3-11 11-16 20-14 11 2 15 13 10 22-3 6-8 9-9 14H29c-1-5-6-8-9-14-5-9-1-20 10-22 9-2 17 3 20 14z", "M28 65h44c4 0 5 9 1 9H27c-4 0-3-9 1-9z", BASE],
    line: ["M50 48v16"],
  },
};

export const NAMES = { p: "pawn", n: "knight", b: "bishop", r: "rook", q: "queen", k: "king" };

/**
 * Draw a piece.
 * @param {string} kind  one of p, n, b, r, q, k
 * @param {"white"|"black"} colour
 * @returns {SVGSVGElement}
 */
export function drawPiece(kind, colour) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("class", `piece ${colour}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("preserveAspectRatio", "xMinYMid slice"); // one that lies below another keeps its size
  const shape = SHAPES[kind];
  for (const [role, paths] of Object.entries(shape)) {
    for (const d of paths) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", role);
      svg.append(path);
    }
  }
  return svg;
}

/**
 * The pieces after a legal move: castling moves the rook too, and a pawn taken in passing goes.
 * @param {Map<string, {kind: string, colour: "white"|"black"}>} before
 * @param {{from: string, to: string, promotion?: string}} move
 */
export function played(before, { from, to, promotion }) {
  const after = new Map(before);
  const piece = before.get(from);
  if (!piece) return after;
  const rank = from[1];
  const files = to.charCodeAt(0) - from.charCodeAt(0);
  if (piece.kind === "k" && Math.abs(files) === 2) {
    const [corner, beside] = files > 0 ? ["h", "f"] : ["a", "d"];
    const rook = before.get(corner + rank);
    after.delete(corner + rank);
    if (rook) after.set(beside + rank, rook);
  }
  if (piece.kind === "p" && files !== 0 && !before.has(to)) after.delete(to[0] + rank);
  after.delete(from);
  after.set(to, { ...piece, kind: promotion || piece.kind });
  return after;
}

/**
 * Read the placement of a FEN.
 * @param {string} fen
 * @returns {Map<string, {kind: string, colour: "white"|"black"}>}  square → piece
 */
export function placement(fen) {
  const pieces = new Map();
  fen.split(" ")[0].split("/").forEach((row, index) => {
    let file = 0;
    for (const char of row) {
      if (/\d/.test(char)) {
        file += Number(char);
        continue;
      }
      const kind = char.toLowerCase();
      pieces.set("abcdefgh"[file] + (8 - index), { kind, colour: char === kind ? "black" : "white" });
      file += 1;
    }
  });
  return pieces;
}
