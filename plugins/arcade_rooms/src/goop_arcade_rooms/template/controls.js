// SPDX-License-Identifier: MIT
// Hands on the cabinet: the keyboard, a finger on the screen, and buttons below it.
import { $ } from "./dom.js";
import { FIELD, SHIP } from "./game/rules.js";

/** @type {Record<string, "left" | "right" | "fire">} */
const KEYS = {
  ArrowLeft: "left",
  KeyA: "left",
  ArrowRight: "right",
  KeyD: "right",
  Space: "fire",
  ArrowUp: "fire",
  KeyW: "fire",
};
/** How near a ship comes to the finger before it stands, in pixels of the field. */
const NEAR = 2;

export class Controls {
  /** @param {() => import("./game/game.js").Game | null} game  the one that is played here now */
  constructor(game) {
    this.game = game;
    /** Where a finger is, in pixels of the field. @type {number | null} */
    this.finger = null;
    addEventListener("keydown", (event) => this.#key(event, true));
    addEventListener("keyup", (event) => this.#key(event, false));
    for (const event of ["blur", "pagehide"]) addEventListener(event, () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
    this.#button("left");
    this.#button("right");
    this.#button("fire");
    this.#touch($("screen"));
  }

  /** Nobody holds anything. */
  release() {
    this.finger = null;
    const game = this.game();
    if (game) Object.assign(game.keys, { left: false, right: false, fire: false });
  }

  /** @param {KeyboardEvent} event @param {boolean} down */
  #key(event, down) {
    const game = this.game();
    const name = KEYS[event.code];
    if (!game || !name || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (down && target.closest("input, select, textarea, summary, button:not(.pad), a")) return;
    event.preventDefault();
    game.keys[name] = down;
  }

  /** @param {"left" | "right" | "fire"} name */
  #button(name) {
    const button = $(name);
    const hold = (/** @type {boolean} */ down) => (/** @type {Event} */ event) => {
      event.preventDefault();
      const game = this.game();
      if (game) game.keys[name] = down;
    };
    button.addEventListener("pointerdown", hold(true));
    for (const event of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(event, hold(false));
    button.addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  }

  /** The ship goes to where the finger is, and shoots for as long as it is there. @param {HTMLElement} screen */
  #touch(screen) {
    const follow = (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") return;
      const { left, width } = screen.getBoundingClientRect();
      this.finger = ((event.clientX - left) / width) * FIELD.width;
    };
    screen.addEventListener("pointerdown", (event) => {
      follow(event);
      if (this.finger !== null) screen.setPointerCapture(event.pointerId);
    });
    screen.addEventListener("pointermove", (event) => this.finger !== null && follow(event));
    for (const event of ["pointerup", "pointercancel"]) screen.addEventListener(event, () => this.finger !== null && this.release());
  }

  /** Before each frame: a finger is like keys. */
  steer() {
    const game = this.game();
    if (!game || this.finger === null) return;
    const far = this.finger - (game.x + SHIP.width / 2);
    Object.assign(game.keys, { left: far < -NEAR, right: far > NEAR, fire: true });
  }
}
