// SPDX-License-Identifier: MIT
// People's names within sentences: set apart in what is shown, and without marks in what is read aloud.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { classic } from "./page.mjs";

const document = { createElement: (tag) => ({ tag, textContent: "" }) };
const scope = vm.createContext({ document });
vm.runInContext(classic("goop-names.js"), scope);
const { names } = scope.Goop;

test("a sentence comes in pieces, each name as an element of its own", () => {
  const text = `${names.apart("ليلى")} invites ${names.apart("Bob")} to play`;
  const shown = names.pieces(text).map((piece) => (typeof piece === "string" ? piece : `<${piece.tag}>${piece.textContent}`));
  assert.deepEqual([...shown], ["<bdi>ليلى", " invites ", "<bdi>Bob", " to play"]);
  assert.equal(names.spoken(text), "ليلى invites Bob to play");
});

test("what holds no name is one piece, and nothing is none", () => {
  assert.deepEqual([...names.pieces("Nobody is here")], ["Nobody is here"]);
  assert.deepEqual([...names.pieces("")], []);
});
