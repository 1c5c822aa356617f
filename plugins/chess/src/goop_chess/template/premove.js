// SPDX-License-Identifier: MIT
// One move made in advance, while it is the other player's turn. It is this page's alone: when the
// other's move has come it is played if it is legal then, else dropped with a word. Any click
// elsewhere, or Escape, takes it back.

import { $ } from "./dom.js";

/** @typedef {import("./game.js").Game} Game */

const FILES = "abcdefgh";
const STRAIGHT = [[0, 1], [1, 0], [0, -1], [-1, 0]];
const DIAGONAL = [[1, 1], [1, -1], [-1, -1], [-1, 1]];
const JUMPS = [[1, 2], [2, 1], [2, -1], [1, -2], [-1, -2], [-2, -1], [-2, 1], [-1, 2]];
const STEPS = { b: DIAGONAL, r: STRAIGHT, q: [...STRAIGHT, ...DIAGONAL], k: [...STRAIGHT, ...DIAGONAL], n: JUMPS };

/**
 * Where a piece could go from a square, were nothing in its way and everything there to be taken.
 * @param {{kind: string, colour: string}} piece
 * @param {string} from
 * @returns {string[]}
 */
export function reach({ kind, colour }, from) {
  const file = FILES.indexOf(from[0]);
  const rank = Number(from[1]);
  const way = colour === "white" ? 1 : -1;
  const home = rank === (colour === "white" ? 2 : 7);
  const castles = from === (colour === "white" ? "e1" : "e8");
  let steps = STEPS[kind];
  if (kind === "p") steps = [[0, way], [-1, way], [1, way], ...(home ? [[0, 2 * way]] : [])];
  if (kind === "k" && castles) steps = [...steps, [2, 0], [-2, 0]];
  const far = "brq".includes(kind) ? 7 : 1;
  const found = [];
  for (const [x, y] of steps) {
    for (let times = 1; times <= far; times += 1) {
      const to = `${FILES[file + x * times]}${rank + y * times}`;
      if (/^[a-h][1-8]$/.test(to)) found.push(to);
    }
  }
  return found;
}

export class Premove {
  /** @type {{game: Game, from: string, to: string, behind: number}|null} */
  #made = null;
  /** Set in this very moment: the click that ends a drag is not one elsewhere. */
  #fresh = false;
  #droppedAt = -1;
  #onChange;

  /** @param {() => void} onChange  it was taken back by the person */
  constructor(onChange) {
    this.#onChange = onChange;
    const elsewhere = () => this.#made && !this.#fresh && this.cancel();
    for (const kind of ["click", "contextmenu"]) document.addEventListener(kind, elsewhere, true);
    document.addEventListener("keydown", (event) => event.key === "Escape" && elsewhere(), true);
  }

  /** The move made in advance in this game, if there is one. @param {Game} game */
  of(game) {
    return this.#made?.game === game ? this.#made : null;
  }

  /**
   * What may be moved in advance, and where it could go: empty unless the other is to move.
   * @param {Game} game
   * @param {Map<string, {kind: string, colour: string}>} pieces
   * @returns {Record<string, string[]>}
   */
  choices(game, pieces) {
    const { state } = game;
    if (state.status !== "running" || state.turn === state.colour || !game.linked) return {};
    const own = [...pieces].filter(([, { colour }]) => colour === state.colour);
    return Object.fromEntries(own.map(([from, piece]) => [from, reach(piece, from)]));
  }

  /** Make one. @param {Game} game @param {string} from @param {string} to */
  make(game, from, to) {
    this.#made = { game, from, to, behind: game.state.san.length };
    this.#fresh = true;
    setTimeout(() => (this.#fresh = false));
    this.#say(`In advance: ${from}–${to}. A click elsewhere takes it back.`);
  }

  /** Take it back. */
  cancel() {
    if (!this.#made) return;
    this.#made = null;
    this.#say("");
    this.#onChange();
  }

  /** The game goes on: what was made in advance is played, or dropped. @param {Game} game */
  follow(game) {
    const { state } = game;
    if (this.#droppedAt >= 0 && this.#droppedAt !== state.san.length) this.#say("");
    const made = this.of(game);
    if (!made || (state.status === "running" && state.san.length === made.behind && state.turn !== state.colour)) return;
    this.#made = null;
    this.#say("");
    const { from, to } = made;
    if (state.status !== "running") return;
    if (game.myTurn && state.san.length === made.behind + 1 && state.legal[from]?.includes(to)) {
      game.move(from, to, this.#promotes(game, from, to) ? "q" : undefined);
    } else {
      this.#say(`${from}–${to}, made in advance, cannot be played now.`);
      this.#droppedAt = state.san.length;
    }
  }

  /** A pawn that gets to the end in advance becomes a queen. */
  #promotes({ state }, from, to) {
    if (!"18".includes(to[1])) return false;
    const row = state.fen.split(" ")[0].split("/")[8 - Number(from[1])];
    const squares = row.replace(/\d/g, (count) => "-".repeat(Number(count)));
    return squares[FILES.indexOf(from[0])].toLowerCase() === "p";
  }

  #say(text) {
    this.#droppedAt = -1;
    $("premove-news").textContent = text;
  }
}
