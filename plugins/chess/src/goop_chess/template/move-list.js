// SPDX-License-Identifier: MIT
// The list of moves. Each is a button that shows the position after it; the list is one stop of the
// Tab key, and the arrow keys go through it.

import { make } from "./dom.js";

/** The moves of a game. */
export class MoveList {
  /**
   * @param {HTMLElement} root
   * @param {(count: number) => void} onChoose  the position after so many half-moves
   */
  constructor(root, onChoose) {
    this.root = root;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
    root.addEventListener("click", (event) => {
      const index = this.buttons.indexOf(/** @type {any} */ (event.target).closest(".move"));
      if (index >= 0) onChoose(index + 1);
    });
    // A narrower window takes room from the moves: the one that is shown stays in sight.
    new ResizeObserver(() => this.#reveal()).observe(root);
  }

  /**
   * Show these moves, of which the one before the shown position is the current one.
   * @param {string[]} texts   as they are written
   * @param {string[]} words   as they are said
   * @param {number} current   half-moves before the shown position
   */
  show(texts, words, current) {
    const changed = this.#write(texts, words);
    const before = this.root.querySelector(".current");
    const button = this.buttons[current - 1] ?? null;
    if (!changed && before === button) return;
    before?.classList.remove("current");
    before?.removeAttribute("aria-current");
    button?.classList.add("current");
    button?.setAttribute("aria-current", "true");
    const stop = button ?? this.buttons[0];
    for (const each of this.buttons) each.tabIndex = each === stop ? 0 : -1;
    if (this.root.contains(document.activeElement)) stop?.focus({ preventScroll: true });
    this.#reveal();
  }

  /** Only what differs is written anew. */
  #write(texts, words) {
    let same = 0;
    while (same < texts.length && this.buttons[same]?.textContent === texts[same]) same += 1;
    const changed = same < texts.length || this.buttons.length > texts.length;
    for (const gone of this.buttons.splice(same)) {
      const row = gone.parentElement;
      gone.remove();
      if (!row.querySelector(".move")) row.remove();
    }
    for (let index = same; index < texts.length; index += 1) {
      if (index % 2 === 0) this.root.append(make("li", {}, make("span", { className: "number", "aria-hidden": "true" }, `${index / 2 + 1}.`)));
      const button = make("button", { type: "button", className: "move" }, texts[index]);
      this.root.lastElementChild.append(button);
      this.buttons.push(button);
    }
    this.buttons.forEach((button, index) => {
      const said = `Move ${Math.floor(index / 2) + 1}, ${index % 2 ? "Black" : "White"}: ${words[index]}`;
      if (button.getAttribute("aria-label") !== said) button.setAttribute("aria-label", said);
    });
    return changed;
  }

  /** Scroll the list, and nothing else, to the current move. */
  #reveal() {
    const { root } = this;
    const row = root.querySelector(".current")?.parentElement;
    if (!row) return void (root.scrollTop = 0);
    const [inside, at] = [root.getBoundingClientRect(), row.getBoundingClientRect()];
    if (at.top < inside.top) root.scrollTop -= inside.top - at.top;
    else if (at.bottom > inside.bottom) root.scrollTop += at.bottom - inside.bottom + 6;
  }
}
