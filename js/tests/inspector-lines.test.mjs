// SPDX-License-Identifier: MIT
// A state as lines: what is there reads as the state, and what is marked is what differs.

import assert from "node:assert/strict";
import test from "node:test";

import { lines } from "../../plugins/realtime/src/goop_realtime/inspector/pages/json-lines.js";

const read = (found) => JSON.parse(found.filter(({ change }) => change !== "-").map(({ text }) => text).join("\n"));

/** A small generator of numbers below one, the same at every run. */
function chance(seed) {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

function value(random, depth = 0) {
  const kind = Math.floor(random() * (depth > 2 ? 4 : 6));
  const size = Math.floor(random() * 4);
  if (kind === 0) return Math.floor(random() * 3);
  if (kind === 1) return ["", "a", '"}\n', "\u202e"][size];
  if (kind === 2) return random() < 0.5;
  if (kind === 3) return null;
  if (kind === 4) return Array.from({ length: size }, () => value(random, depth + 1));
  return Object.fromEntries(Array.from({ length: size }, (_, n) => [`k${n + Math.floor(random() * 2)}`, value(random, depth + 1)]));
}

test("whatever it is compared with, the lines read as the value, and none is marked where both are the same", () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = chance(seed);
    const [before, now] = [value(random), value(random)];
    const found = lines(now, before);
    assert.deepEqual(read(found), now, `seed ${seed}`);
    const same = JSON.stringify(before) === JSON.stringify(now);
    const order = (one) => JSON.stringify(one, (_, part) => (part && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part));
    if (found.some(({ change }) => change)) assert.notEqual(order(before), order(now), `seed ${seed}`);
    else assert.equal(order(before), order(now), `seed ${seed}`);
    if (same) assert.ok(found.every(({ change }) => !change));
    assert.ok(lines(now, undefined).every(({ change }) => !change));
  }
});

test("only what has changed is marked", () => {
  const marked = lines({ a: [1, 2], b: { c: 1 } }, { a: [1], b: { c: 1 }, d: 0 }).filter(({ change }) => change);
  assert.deepEqual(marked, [
    { text: "    2", change: "+" },
    { text: '  "d": 0', change: "-" },
  ]);
});
