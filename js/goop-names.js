// SPDX-License-Identifier: MIT
// @ts-check
/// <reference path="./goop.d.ts" />
/** Goop.names: people's names within sentences, so that none turns the text around it. */
(() => {
  "use strict";

  /** @type {any} */
  const root = globalThis;
  root.Goop ??= {};
  if (root.Goop.names) return;

  /** Unicode's isolates: what stands between the two has a direction of its own. */
  const FIRST = "\u2068";
  const LAST = "\u2069";
  const APART = /\u2068([^\u2068\u2069]*)\u2069/;

  /** @param {string} name */
  function bdi(name) {
    const element = document.createElement("bdi");
    element.textContent = name;
    return element;
  }

  /** @type {GoopNames} */
  const names = {
    apart: (name) => FIRST + name + LAST,
    spoken: (text) => text.replaceAll(FIRST, "").replaceAll(LAST, ""),
    pieces: (text) => text.split(APART).flatMap((part, at) => (part === "" ? [] : [at % 2 ? bdi(part) : part])),
  };
  root.Goop.names = names;
})();
