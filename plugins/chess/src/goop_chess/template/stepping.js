// SPDX-License-Identifier: MIT
// Looking at the past of a game: which of its positions is shown, and how one gets there. A past
// position takes no moves, and stays where it is while the game goes on.

import { rememberPosition, rememberedPosition } from "./addresses.js";
import { announce } from "./announce.js";
import { $ } from "./dom.js";
import { common } from "./past.js";
import { MoveList } from "./move-list.js";

/** What the arrow keys do: everywhere, and in the list of moves. */
const KEYS = { ArrowLeft: "back", ArrowRight: "on" };
const LIST_KEYS = { ...KEYS, ArrowUp: "up", ArrowDown: "down", Home: "first", End: "live" };
const GONE = "The move that you were looking at was taken back.";
const REFUSED = "A past position takes no moves.";

export class Stepping {
  /** @param {() => void} onStep  another position is to be shown */
  constructor(onStep) {
    this.onStep = onStep;
    this.game = null;
    /** Half-moves before the position that is looked at; `null`: the game as it stands. */
    this.at = null;
    /** The moves that the person knows of: those of the game when it was last shown as it stands. */
    this.seen = [];
    /** The moves before the position that is looked at. */
    this.path = [];
    this.list = new MoveList($("moves"), (count) => this.#go(count));
    this.touched = false;
    document.addEventListener("keydown", (event) => this.#key(event));
    $("stepping").addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) this.#step(button.dataset.step);
    });
    this.#watchBoard($("board"));
  }

  /** Follow a game: what was looked at stays, unless it was taken back. */
  follow(game) {
    const moves = game.state.uci;
    if (this.game !== game) this.#begin(game);
    const gone = this.at !== null && common(this.path, moves) < this.at;
    if (gone || this.at === null || this.at === moves.length) this.#live(moves);
    rememberPosition(this.at);
    this.#show(gone ? GONE : "");
  }

  /** Nobody looks at the game any longer. */
  leave() {
    this.game = null;
  }

  /** As the game stands, unless the person comes back to another position of it. */
  #begin(game) {
    this.game = game;
    this.#live(game.state.uci);
    const count = rememberedPosition();
    if (count !== null && count < this.seen.length && game.past.after(count)) this.#lookAt(count);
  }

  /** The position that is looked at, as `Past.after` tells it; `null` for the game as it stands. */
  get position() {
    return this.at === null ? null : this.game.past.after(this.at);
  }

  #live(moves) {
    this.at = null;
    this.path = [];
    this.seen = moves;
  }

  #lookAt(count) {
    this.at = count;
    this.path = this.game.state.uci.slice(0, count);
  }

  /** Go to the position after so many half-moves. @param {number} count */
  #go(count) {
    const moves = this.game.state.uci;
    const to = Math.max(0, Math.min(count, moves.length));
    if (to === moves.length) this.#live(moves);
    else if (!this.game.past.after(to)) return $("past").textContent = "Your node has not told that position yet.";
    else this.#lookAt(to);
    this.onStep();
    // In the list the focus goes along, and is heard itself.
    if (!$("moves").contains(document.activeElement)) announce($("past").textContent || "Back at the game as it stands.");
  }

  #step(way) {
    const count = this.at ?? this.game.state.uci.length;
    const to = { first: 0, back: count - 1, on: count + 1, up: count - 2, down: count + 2, live: Infinity };
    this.#go(to[way]);
  }

  /** Alt and the like are the browser's own; a field, a dialog and other views need their arrows. */
  #key(event) {
    const { target } = event;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!this.game || !$("board").offsetParent || document.querySelector("dialog[open]")) return;
    if (target.matches("input, textarea, select, [role=tab]")) return;
    const way = ($("moves").contains(target) ? LIST_KEYS : KEYS)[event.key];
    if (!way) return;
    event.preventDefault();
    this.#step(way);
  }

  /**
   * On the board the arrow keys go from square to square for whoever came by keyboard or holds a
   * piece. A click leaves the focus there, too, but means no walk over the squares.
   */
  #watchBoard(board) {
    board.addEventListener("pointerdown", () => (this.touched = true));
    board.addEventListener("focusout", (event) => {
      if (!board.contains(event.relatedTarget)) this.touched = false;
    });
    board.addEventListener("click", (event) => {
      if (event.detail === 0) this.touched = false; // Enter or the space bar
      if (this.at !== null && this.game.state.status === "running") this.#refuse();
    });
    board.addEventListener(
      "keydown",
      (event) => {
        if (!KEYS[event.key] || !this.touched || board.querySelector(".selected")) return;
        event.stopPropagation();
        event.target.blur(); // or the square is marked as if the person were there
        this.#key(event);
      },
      true,
    );
  }

  #refuse() {
    this.#tell(REFUSED);
    announce(`${REFUSED} Go back to the game to move.`);
  }

  #show(news) {
    const { state, past } = this.game;
    const count = this.at ?? state.uci.length;
    this.list.show(state.san, state.san.map((san, index) => past.plies[index]?.words ?? san), count);
    for (const button of $("stepping").querySelectorAll("[data-step]")) {
      const idle = ["first", "back"].includes(button.dataset.step) ? count === 0 : this.at === null;
      button.setAttribute("aria-disabled", String(idle));
    }
    $("stepping").hidden = state.san.length === 0;
    $("stepping").dataset.news = String(this.at !== null && state.uci.length > this.seen.length);
    $("board").dataset.past = String(this.at !== null);
    this.#tell(news);
  }

  /** Say where one is, after what is new. */
  #tell(first) {
    const { state, past } = this.game;
    const words = [first];
    if (this.at !== null) {
      const last = past.plies[this.at - 1];
      const move = last ? `Move ${Math.ceil(this.at / 2)}, ${this.at % 2 ? "White" : "Black"}: ${last.words}.` : "The beginning.";
      words.push(`Past position. ${move}`);
      if (common(this.seen, state.uci) < this.seen.length) words.push("A move was taken back since.");
      else if (state.uci.length > this.seen.length) words.push(`New: ${past.plies.at(-1)?.words ?? state.san.at(-1)}.`);
    }
    const text = words.filter(Boolean).join(" ");
    if ($("past").textContent !== text) $("past").textContent = text;
  }
}
