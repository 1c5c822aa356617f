// SPDX-License-Identifier: MIT
// The board: 64 buttons. Tap or click, drag, or arrow keys and Enter.

import { make } from "./dom.js";
import { NAMES, drawPiece } from "./pieces.js";

const FILES = "abcdefgh";
/** How far a pointer goes before a press becomes a drag, in CSS pixels. */
const DRAG_FROM = 5;

/**
 * What the board shows.
 * @typedef {object} View
 * @property {Map<string, {kind: string, colour: "white"|"black"}>} pieces
 * @property {Record<string, string[]>} legal  what may be moved where; empty: nothing may
 * @property {{made: {from: string, to: string}|null}|null} ahead  set where `legal` is what may be moved
 *     in advance; with the move that was
 * @property {"white"|"black"} orientation     whose side is below
 * @property {{from: string, to: string}|null} lastMove
 * @property {string|null} check               the square of a king in check
 * @property {boolean} still                   nothing has been moved: nothing glides
 */

/** "whitep", or "" where nothing stands. @param {View} view @param {string} name */
const pieceOn = ({ pieces }, name) => {
  const piece = pieces.get(name);
  return piece ? piece.colour + piece.kind : "";
};
const sameMove = (a, b) => a?.from === b?.from && a?.to === b?.to;

export class Board {
  /**
   * @param {HTMLElement} root
   * @param {(from: string, to: string) => void} onMove  a legal move was made by hand
   * @param {(there: boolean) => void} onHand  a hand that may move is at the board, or left it
   */
  constructor(root, onMove, onHand) {
    this.root = root;
    this.onMove = onMove;
    this.onHand = onHand;
    this.holding = undefined;
    /** @type {View} */
    this.view = { pieces: new Map(), legal: {}, ahead: null, orientation: "white", lastMove: null, check: null, still: true };
    this.selected = null;
    this.cursor = "e2";
    this.drag = null;
    this.dropped = false;
    this.swallowClick = false;
    this.squares = new Map();
    for (let rank = 8; rank >= 1; rank -= 1) {
      for (const file of FILES) this.#makeSquare(file + rank);
    }
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#carry(event));
    root.addEventListener("pointerover", () => this.#hand());
    root.addEventListener("pointerleave", () => this.#hand(false));
    root.addEventListener("pointerup", (event) => this.#release(event));
    root.addEventListener("pointercancel", () => this.#endDrag());
    root.addEventListener("contextmenu", (event) => this.drag?.moved && event.preventDefault());
  }

  /** Show a position. @param {View} view */
  show(view) {
    const turned = view.orientation !== this.root.dataset.orientation;
    const moved = view.lastMove && !turned && !view.still && !this.view.still && !sameMove(view.lastMove, this.view.lastMove);
    // What is in hand stays there, whatever the news, as long as it stands where it was taken from.
    const stands = (name) => pieceOn(this.view, name) === pieceOn(view, name);
    if (this.drag && (turned || !stands(this.drag.name))) this.#endDrag();
    if (this.selected && !stands(this.selected)) this.selected = null;
    this.view = view;
    if (turned) this.#turn();
    for (const [name, square] of this.squares) this.#paint(name, square);
    if (moved && !this.dropped) this.#slide(view.lastMove);
    this.dropped = false;
  }

  /** Whatever is in hand goes back to its square. */
  letGo() {
    this.#endDrag();
    if (this.selected) this.#select(null);
  }

  /** Let the piece that moved glide to its square. */
  #slide({ from, to }) {
    const piece = this.squares.get(to).firstChild;
    if (!piece || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const start = this.squares.get(from).getBoundingClientRect();
    const end = this.squares.get(to).getBoundingClientRect();
    const offset = `translate(${start.x - end.x}px, ${start.y - end.y}px)`;
    piece.animate([{ transform: offset, zIndex: 5 }, { transform: "none", zIndex: 5 }], { duration: 160, easing: "ease-out" });
  }

  #makeSquare(name) {
    const dark = (FILES.indexOf(name[0]) + Number(name[1])) % 2 === 1;
    const square = make("button", { type: "button", className: dark ? "square dark" : "square light" });
    square.dataset.square = name;
    square.tabIndex = name === this.cursor ? 0 : -1;
    square.addEventListener("click", () => this.#tap(name));
    square.addEventListener("focus", () => this.#moveCursor(name, false));
    this.squares.set(name, square);
  }

  /** Put the squares in the order in which this side sees them. */
  #turn() {
    const order = [...this.squares.keys()];
    if (this.view.orientation === "black") order.reverse();
    this.root.dataset.orientation = this.view.orientation;
    order.forEach((name, index) => {
      const square = this.squares.get(name);
      square.dataset.file = index >= 56 ? name[0] : "";
      square.dataset.rank = index % 8 === 0 ? name[1] : "";
      this.root.append(square);
    });
  }

  #paint(name, square) {
    const { pieces, legal, ahead, lastMove, check } = this.view;
    const inAdvance = ahead?.made?.from === name || ahead?.made?.to === name;
    const piece = pieces.get(name);
    const key = pieceOn(this.view, name);
    if (square.dataset.piece !== key) {
      square.dataset.piece = key;
      square.replaceChildren(...(piece ? [drawPiece(piece.kind, piece.colour)] : []));
    }
    const target = Boolean(this.selected && legal[this.selected]?.includes(name));
    square.classList.toggle("selected", this.selected === name);
    square.classList.toggle("target", target);
    square.classList.toggle("movable", Boolean(legal[name]) && !ahead);
    square.classList.toggle("ready", Boolean(legal[name] && ahead));
    square.classList.toggle("premove", inAdvance);
    square.classList.toggle("last", lastMove?.from === name || lastMove?.to === name);
    square.classList.toggle("check", check === name);
    const words = [name];
    if (piece) words.push(`${piece.colour} ${NAMES[piece.kind]}`);
    if (check === name) words.push("in check");
    if (this.selected === name) words.push("selected");
    if (target) words.push(piece ? "can be taken" : "can move here");
    if (lastMove?.to === name) words.push("last move");
    if (inAdvance) words.push("moved in advance");
    square.setAttribute("aria-label", words.join(", "));
    square.setAttribute("aria-pressed", String(this.selected === name));
  }

  /** Say that a hand is there: over the board with a move to make, or with a piece picked up. */
  #hand(over = true) {
    clearTimeout(this.holding);
    if (this.selected) this.holding = setTimeout(() => this.selected && this.#hand(), 2000);
    this.onHand(Boolean(this.selected) || (over && Object.keys(this.view.legal).length > 0));
  }

  #select(name) {
    this.selected = name;
    this.#hand(Boolean(name));
    for (const [each, square] of this.squares) this.#paint(each, square);
  }

  #tap(name) {
    if (this.swallowClick) {
      this.swallowClick = false;
      return;
    }
    const from = this.selected;
    if (from && this.view.legal[from]?.includes(name)) {
      this.#select(null);
      this.onMove(from, name);
    } else {
      this.#select(this.view.legal[name] && from !== name ? name : null);
    }
  }

  #moveCursor(name, focus = true) {
    this.squares.get(this.cursor).tabIndex = -1;
    this.cursor = name;
    this.squares.get(name).tabIndex = 0;
    if (focus) this.squares.get(name).focus();
  }

  #key(event) {
    const steps = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    if (event.key === "Escape") this.#select(null);
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const way = this.view.orientation === "white" ? 1 : -1;
    const file = FILES.indexOf(this.cursor[0]) + step[0] * way;
    const rank = Number(this.cursor[1]) + step[1] * way;
    if (FILES[file] && rank >= 1 && rank <= 8) this.#moveCursor(FILES[file] + rank);
  }

  #press(event) {
    this.swallowClick = false;
    const square = event.target.closest("[data-square]");
    const name = square?.dataset.square;
    if (!name || event.button !== 0 || !this.view.legal[name]) return;
    this.drag = { name, square, x: event.clientX, y: event.clientY, id: event.pointerId, moved: false };
  }

  #carry(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.id) return;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (!drag.moved) {
      if (Math.hypot(dx, dy) < DRAG_FROM) return;
      drag.moved = true;
      this.root.setPointerCapture(drag.id);
      this.#select(drag.name);
      drag.square.classList.add("dragging");
    }
    drag.square.firstChild.style.transform = `translate(${dx}px, ${dy}px)`;
    const over = this.#at(event);
    for (const [name, square] of this.squares) square.classList.toggle("over", name === over);
  }

  #release(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.id) return;
    const to = drag.moved ? this.#at(event) : null;
    this.#endDrag();
    if (!drag.moved) return; // a tap: the click that follows does it
    // A drag that ends on the square where it began is followed by a click there.
    this.swallowClick = true;
    setTimeout(() => (this.swallowClick = false));
    if (to && this.view.legal[drag.name]?.includes(to)) {
      this.#select(null);
      this.dropped = true; // it is where it goes already
      this.onMove(drag.name, to);
    } else if (to !== drag.name) {
      this.#select(null);
    }
  }

  #at(event) {
    const element = document.elementFromPoint(event.clientX, event.clientY);
    return element?.closest?.("[data-square]")?.getAttribute("data-square") || null;
  }

  #endDrag() {
    if (!this.drag) return;
    this.drag.square.classList.remove("dragging");
    if (this.drag.square.firstChild) this.drag.square.firstChild.style.transform = "";
    for (const square of this.squares.values()) square.classList.remove("over");
    this.drag = null;
  }
}
