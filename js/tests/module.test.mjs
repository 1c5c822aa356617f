// SPDX-License-Identifier: MIT
// The script as a module, and loaded more than once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { classic, openPage } from "./page.mjs";

test("the module exports what the script puts on Goop", async () => {
  const module = await import("../goop-realtime.mjs");
  assert.equal(module.realtime, globalThis.Goop.realtime);
  assert.equal(module.default, module.realtime);
  assert.equal(module.GoopError.prototype.name, "GoopError");
});

test("a second load changes nothing", () => {
  const page = openPage("goop-realtime.js", "goop-peers.js", "goop-identity.js");
  const { realtime, peers, identity } = page.Goop;
  for (const file of ["goop-realtime.js", "goop-peers.js", "goop-identity.js"]) {
    page.run(classic(file));
  }
  assert.equal(page.Goop.realtime, realtime);
  assert.equal(page.Goop.peers, peers);
  assert.equal(page.Goop.identity, identity);
});

test("the scripts leave nothing global but Goop", () => {
  const page = openPage("goop-realtime.js", "goop-peers.js", "goop-identity.js");
  assert.equal(page.run("['API', 'Channel', 'GoopError', 'hub', 'peers'].filter((name) => name in globalThis).join()"), "");
});
