// SPDX-License-Identifier: MIT
// A JSON value as lines, and which of them are new against another value.

/** @typedef {{ text: string, change: "" | "+" | "-" }} Line */

/** @param {unknown} value @returns {value is Record<string, unknown> | unknown[]} */
const isBox = (value) => typeof value === "object" && value !== null;

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

/**
 * The members of an object or list, by name, in their order; those of `before` that are gone behind them.
 * @param {any} value
 * @param {any} before
 */
function members(value, before) {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(value, name));
  return { kept: Object.keys(value), gone };
}

/**
 * `value` as indented lines. With `before` (not `undefined`), what differs from it is marked: `+` for
 * what is new or another, `-` for what is gone.
 * @param {unknown} value
 * @param {unknown} before
 * @returns {Line[]}
 */
export function lines(value, before) {
  /** @type {Line[]} */
  const found = [];
  const put = (depth, text, change) => found.push({ text: "  ".repeat(depth) + text, change });

  /** @param {unknown} one @param {number} depth @param {string} head @param {string} end @param {"" | "+" | "-"} change */
  function whole(one, depth, head, end, change) {
    if (!isBox(one) || Object.keys(one).length === 0) {
      put(depth, head + JSON.stringify(one) + end, change);
      return;
    }
    const [open, close] = Array.isArray(one) ? ["[", "]"] : ["{", "}"];
    put(depth, head + open, change);
    const names = Object.keys(one);
    names.forEach((name, at) => {
      const label = Array.isArray(one) ? "" : `${JSON.stringify(name)}: `;
      whole(one[name], depth + 1, label, at + 1 < names.length ? "," : "", change);
    });
    put(depth, close + end, change);
  }

  /** @param {unknown} now @param {unknown} was @param {number} depth @param {string} head @param {string} end */
  function against(now, was, depth, head, end) {
    const alike = isBox(now) && isBox(was) && Array.isArray(now) === Array.isArray(was);
    if (was === undefined || same(now, was)) whole(now, depth, head, end, "");
    else if (!alike) whole(now, depth, head, end, "+");
    else {
      const list = Array.isArray(now);
      put(depth, head + (list ? "[" : "{"), "");
      const { kept, gone } = members(now, was);
      const label = (/** @type {string} */ name) => (list ? "" : `${JSON.stringify(name)}: `);
      kept.forEach((name, at) => {
        const comma = at + 1 < kept.length ? "," : "";
        if (Object.hasOwn(was, name)) against(now[name], was[name], depth + 1, label(name), comma);
        else whole(now[name], depth + 1, label(name), comma, "+");
      });
      for (const name of gone) whole(was[name], depth + 1, label(name), "", "-");
      put(depth, (list ? "]" : "}") + end, "");
    }
  }

  against(value, before, 0, "", "");
  return found;
}
