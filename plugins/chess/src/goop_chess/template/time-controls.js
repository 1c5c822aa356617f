// SPDX-License-Identifier: MIT
// Time controls: those that can be chosen for a new game, and what they are called.

/**
 * What `params.clock` of an invitation holds; `null` is a game without clocks.
 * @typedef {{kind: "fischer", seconds: number, increment: number}
 *   | {kind: "correspondence", days: number} | null} TimeControl
 */

const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** @param {TimeControl} control */
export function controlWords(control) {
  if (!control) return "no clock";
  if (control.kind === "correspondence") return `${count(control.days, "day")} for each move`;
  const { seconds, increment } = control;
  const whole = seconds % 60 ? count(seconds, "second") : count(seconds / 60, "minute");
  return increment ? `${whole} each, and ${count(increment, "second")} for each move` : `${whole} each`;
}

const fischer = (minutes, increment) => ({ kind: "fischer", seconds: minutes * 60, increment });
/** What can be chosen. @type {TimeControl[]} */
const CHOICES = [
  null,
  /** @type {TimeControl} */ (fischer(3, 2)),
  /** @type {TimeControl} */ (fischer(5, 0)),
  /** @type {TimeControl} */ (fischer(10, 5)),
  /** @type {TimeControl} */ (fischer(15, 10)),
  /** @type {TimeControl} */ (fischer(30, 20)),
  /** @type {TimeControl} */ (fischer(90, 30)),
  { kind: "correspondence", days: 1 },
  { kind: "correspondence", days: 3 },
  { kind: "correspondence", days: 7 },
];

/** Put the choices into a list. @param {HTMLSelectElement} list */
export function fillControls(list) {
  const first = (words) => words[0].toUpperCase() + words.slice(1);
  list.replaceChildren(...CHOICES.map((each, index) => new Option(first(controlWords(each)), String(index))));
}

/** What is chosen. @param {HTMLSelectElement} list @returns {TimeControl} */
export const chosenControl = (list) => CHOICES[Number(list.value)] || null;

/** The params of an invitation. @param {string} colour @param {TimeControl|undefined} [control] */
export const paramsOf = (colour, control) => (control ? { colour, clock: control } : { colour });
