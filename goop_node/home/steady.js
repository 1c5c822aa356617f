// SPDX-License-Identifier: MIT
// News moves what stands below it, and takes the place of what was there. A pointer that was about to
// press something presses nothing else: whatever has come or moved takes no press at first. The
// keyboard, whose focus nobody moves, is not kept waiting.

const SETTLE_MS = 600;

let own = false;

/** Whether what changes now is of the person's own doing, in this moment: it surprises nobody. */
export const byHand = () => own;

/**
 * Let a pointer do nothing with a control at first: another page, too, can open this one under a
 * pointer that is about to click. A click of the keyboard has the detail 0.
 * @param {HTMLElement} control
 */
export function settle(control) {
  const ignore = (/** @type {MouseEvent} */ event) => {
    if (event.detail === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  control.setAttribute("aria-disabled", "true");
  control.addEventListener("click", ignore, { capture: true });
  setTimeout(() => {
    control.removeAttribute("aria-disabled");
    control.removeEventListener("click", ignore, { capture: true });
  }, SETTLE_MS);
}

/** A place and all that stands behind it, as far as it can have moved. @param {Element} place */
function behind(place) {
  const found = [place];
  for (let at = place; at.id !== "main" && at.parentElement; at = at.parentElement) {
    for (let next = at.nextElementSibling; next; next = next.nextElementSibling) found.push(next);
  }
  return found;
}

/** How often each element has been moved and has not settled. @type {Map<Element, number>} */
const moving = new Map();

function moved(place) {
  const elements = behind(place);
  for (const one of elements) {
    moving.set(one, (moving.get(one) ?? 0) + 1);
    one.setAttribute("data-moved", ""); // see home.css
  }
  setTimeout(() => {
    for (const one of elements) {
      const left = (moving.get(one) ?? 1) - 1;
      if (left > 0) moving.set(one, left);
      else if (moving.delete(one)) one.removeAttribute("data-moved");
    }
  }, SETTLE_MS);
}

/**
 * Have what stands behind these places settle whenever news has changed their height.
 * @param {Element[]} places
 */
export function keepSteady(places) {
  /** @type {Map<Element, number>} */
  const heights = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const before = heights.get(target);
      const now = /** @type {HTMLElement} */ (target).offsetHeight;
      heights.set(target, now);
      if (before !== undefined && before !== now && !own) moved(target);
    }
  });
  for (const place of places) observer.observe(place);
  document.addEventListener("click", () => {
    own = true;
    // Until what it has changed at once is laid out.
    requestAnimationFrame(() => setTimeout(() => (own = false)));
  }, { capture: true });
}
