// SPDX-License-Identifier: MIT
// One's own picture: small, in a corner, and moved to another one by hand or with the arrow keys.
import { make } from "./making.js";

/** @type {Record<string, [edge: "inline" | "block", end: string]>} */
const MOVES = {
  ArrowLeft: ["inline", "start"],
  ArrowRight: ["inline", "end"],
  ArrowUp: ["block", "start"],
  ArrowDown: ["block", "end"],
};

export class SelfView {
  constructor() {
    this.video = make("video", { autoplay: true, playsInline: true, muted: true });
    this.element = make(
      "div",
      {
        className: "self",
        tabIndex: 0,
        role: "group",
        "aria-label": "Your picture. Arrow keys move it to another corner.",
        "data-inline": "end",
        "data-block": "end",
      },
      this.video,
    );
    this.element.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      this.element.dataset[move[0]] = move[1];
    });
    this.element.addEventListener("pointerdown", (event) => this.element.setPointerCapture(event.pointerId));
    this.element.addEventListener("pointerup", (event) => this.#dropped(event));
  }

  /**
   * It goes to the corner that it was let go nearest to.
   * @param {PointerEvent} event
   */
  #dropped({ clientX, clientY }) {
    const frame = this.element.parentElement?.getBoundingClientRect();
    if (!frame) return;
    this.element.dataset.inline = clientX < frame.left + frame.width / 2 ? "start" : "end";
    this.element.dataset.block = clientY < frame.top + frame.height / 2 ? "start" : "end";
  }
}
