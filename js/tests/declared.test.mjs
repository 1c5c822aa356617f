// SPDX-License-Identifier: MIT
// The `.d.ts` files say what there is: no member too many, and none that is missing.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";
import { openChannel, openPage, settle } from "./page.mjs";
import { openRoom, peer } from "./room-page.mjs";

const FOLDER = new URL("../", import.meta.url);
/** Each interface: what it extends, its members by name, and those that may be absent. */
const declared = new Map();
for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".d.ts"))) {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, FOLDER), "utf8"), ts.ScriptTarget.Latest, true);
  for (const node of source.statements.filter(ts.isInterfaceDeclaration)) {
    const known = declared.get(node.name.text) ?? { members: [], optional: new Set(), bases: [] };
    for (const member of node.members.filter(({ name }) => name)) {
      known.members.push(member.name.text);
      if (member.questionToken) known.optional.add(member.name.text);
    }
    for (const clause of node.heritageClauses ?? []) known.bases.push(...clause.types.map(({ expression }) => expression.text));
    declared.set(node.name.text, known);
  }
}

/** What is declared of an interface and of those of ours that it extends. */
function membersOf(name) {
  const { members, optional, bases } = declared.get(name);
  const inherited = bases.filter((base) => declared.has(base)).map(membersOf);
  return {
    members: new Set([...members, ...inherited.flatMap((base) => [...base.members])]),
    optional: new Set([...optional, ...inherited.flatMap((base) => [...base.optional])]),
  };
}

/** What an object of the SDK has that pages are to see: of its own, and of its classes. */
function foundIn(value) {
  const found = new Set(Object.keys(value));
  let kind = Object.getPrototypeOf(value);
  for (; kind && Object.getPrototypeOf(kind); kind = Object.getPrototypeOf(kind)) {
    for (const name of Object.getOwnPropertyNames(kind)) if (name !== "constructor") found.add(name);
  }
  return found;
}

function compare(name, value) {
  const { members, optional } = membersOf(name);
  const found = foundIn(value);
  assert.deepEqual([...found].filter((one) => !members.has(one)), [], `${name} says nothing of these`);
  assert.deepEqual([...members].filter((one) => !found.has(one) && !optional.has(one)), [], `${name} promises these`);
}

test("a channel and what it gives", async () => {
  const { channel, node, realtime } = await openChannel();
  compare("GoopChannel", channel);
  compare("GoopDetail", channel.detail);
  const metas = [];
  channel.onMessage = (data, meta) => metas.push(meta);
  channel.send({ n: 1 });
  node.message("c1", 1, {});
  await settle();
  compare("GoopMeta", metas[0]);
  compare("GoopRealtime", realtime);
});

test("a room and what it gives", async () => {
  const apart = [{ ...peer("bob"), reason: "bob has arcade 1.0, which cannot take part in this room" }];
  const { room } = await openRoom({ apart });
  compare("GoopRoom", room);
  compare("GoopRoomDetail", room.detail);
  compare("GoopMember", room.members[0]);
});

test("requests", async () => {
  const { realtime, node } = openPage();
  const requests = [];
  realtime.onIncoming = (request) => requests.push(request);
  await settle();
  node.tell({ type: "incoming", channel: "c9", ...peer("bob"), context: "", params: null });
  await settle();
  compare("GoopIncoming", requests[0]);
});

test("by which version a channel goes is told, and told again when that has changed", async () => {
  const { channel, node } = await openChannel({ context: "chess_1" });
  assert.equal(channel.version, "");
  node.state("c1", "connected", { version: "1.2" });
  await settle();
  assert.equal(channel.version, "1.2");
  const seen = [];
  channel.onStateChange = (state, { code }) => seen.push([state, code, channel.version]);
  const reason = "bob has chess 1.2, you have 2.0: this goes on when both have the same again";
  node.state("c1", "disconnected", { version: "2.0", code: "contract_mismatch", reason, suspended: true });
  await settle();
  assert.deepEqual(seen, [["disconnected", "contract_mismatch", "2.0"]]);
  assert.equal(channel.detail.reason, reason);
});

test("by which version a room goes", async () => {
  const { room, node } = await openRoom({ version: "1.0" });
  assert.equal(room.version, "1.0");
  node.room("joined", { version: "2.0" });
  await settle();
  assert.equal(room.version, "2.0");
});
