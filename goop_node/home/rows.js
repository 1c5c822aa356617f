// SPDX-License-Identifier: MIT
// The rows of a list. One that looks the same stays the element it is, so that a press that has begun,
// the focus and what is under way in it live on.

import { $ } from "./dom.js";
import { byHand, settle } from "./steady.js";

/** What is shown, and how it was made: what has come to it since is no difference. @typedef {{ made: Node, element: HTMLElement }} Row */

const CONTROLS = "button, a, select";

/**
 * Leave the keyboard where it is: at the control with the same `data-key`, should another have taken its place.
 * @param {() => void} change
 */
export function keepFocus(change) {
  const held = /** @type {HTMLElement} */ (document.activeElement);
  const { key } = held.dataset;
  change();
  if (document.activeElement === held) return;
  const same = key ? document.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  /** @type {HTMLElement} */ (same ?? $("main")).focus({ preventScroll: true });
}

/** What has taken another's place takes no click that was meant for that. */
function settleNew(element, before) {
  const known = [...before.querySelectorAll(CONTROLS)];
  for (const control of element.querySelectorAll(CONTROLS)) {
    if (!known.some((one) => one.isEqualNode(control))) settle(control);
  }
}

/** @template T */
export class Rows {
  /** By key. @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} list
   * @param {(one: T) => string} keyOf
   * @param {(one: T) => HTMLElement} make  the row, with `data-key` at what can have the focus
   */
  constructor(list, keyOf, make) {
    this.list = list;
    this.keyOf = keyOf;
    this.make = make;
  }

  /**
   * Show these, in this order. Returns the rows that are new.
   * @param {T[]} all
   * @returns {HTMLElement[]}
   */
  show(all) {
    const before = this.#rows;
    const rows = all.map((one) => /** @type {[string, Row]} */ ([this.keyOf(one), this.#row(one)]));
    this.#rows = new Map(rows);
    keepFocus(() => this.#place(rows.map(([, { element }]) => element)));
    return rows.filter(([key]) => !before.has(key)).map(([, { element }]) => element);
  }

  #row(one) {
    const known = this.#rows.get(this.keyOf(one));
    const element = this.make(one);
    const made = element.cloneNode(true);
    if (known?.made.isEqualNode(made)) return known;
    if (known && !byHand()) settleNew(element, known.element);
    return { made, element };
  }

  #place(elements) {
    const stay = new Set(elements);
    for (const child of [...this.list.children]) if (!stay.has(child)) child.remove();
    elements.forEach((element, at) => {
      if (this.list.children[at] !== element) this.list.insertBefore(element, this.list.children[at] ?? null);
    });
  }
}
