// SPDX-License-Identifier: MIT
// Lives of a page in a room, made by chance: whatever becomes of the log, nothing is handed out twice,
// each author's messages come in order, nothing is missed without a word, and no message is forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "./page.mjs";
import { RoomLife, isTold, seeded } from "./room-life.mjs";
import { ROOM, openRoom } from "./room-page.mjs";

const LIVES = Number(process.env.LIVES ?? 60);
const STEPS = 70;

/** What a page sees, and whether that may be. */
class Watcher {
  handed = new Set();
  /** Of each author, the newest since the last rewinding. */
  newest = new Map();
  present = new Set();
  told = new Set();
  open = new Map();
  pending = [];
  /** What a handler found; its own errors only go to the console. */
  violations = [];

  constructor(room, random) {
    this.room = room;
    this.random = random;
    room.onError = ({ id }) => this.told.add(id);
  }
  /** Sometimes a handler takes its time, and sometimes it fails. */
  returns() {
    const chance = this.random();
    if (chance < 0.1) return new Promise((resolve) => this.pending.push(resolve));
    if (chance < 0.13) throw new Error("a fault of the page");
    return undefined;
  }
  holds(truth, words) {
    if (!truth) this.violations.push(words);
  }
  message(from, id, meta) {
    this.holds(!this.handed.has(id), `S1: ${id} twice`);
    this.handed.add(id);
    const number = Number(id.split("-")[1]);
    this.holds(number > (this.newest.get(from) ?? 0), `S2: ${id} behind ${this.newest.get(from)}`);
    this.newest.set(from, number);
    this.holds(meta.id === id && meta.from === from, `${id} is told as ${meta.id}`);
    return this.returns();
  }
  join({ peerId }) {
    this.holds(!this.present.has(peerId) && peerId !== "alice", `${peerId} joins twice`);
    this.present.add(peerId);
    this.holds(this.room.members.some((member) => member.peerId === peerId), `${peerId} joins and is no member`);
    return this.returns();
  }
  leave({ peerId }) {
    this.holds(this.present.has(peerId), `${peerId} leaves and was not there`);
    this.present.delete(peerId);
    return this.returns();
  }
  again() {
    this.newest.clear();
    return this.returns();
  }
  send(n) {
    const sent = this.room.send(n);
    this.open.set(sent.id, 3);
    for (const promise of [sent, sent.delivered, sent.handled]) {
      const done = () => this.open.set(sent.id, this.open.get(sent.id) - 1);
      promise.then(done, () => {
        done();
        this.told.add(sent.id);
      });
    }
  }
  attach(life) {
    const { room } = this;
    room.onMessage = (...all) => this.message(...all);
    room.onMemberJoin = (...all) => this.join(...all);
    room.onMemberLeave = (...all) => this.leave(...all);
    room.onRewound = () => this.again();
    room.onGap = ({ to }) => {
      this.holds(to.length === 3, `a gap to ${to}`);
      return this.again();
    };
    life.counts.attached = (life.counts.attached ?? 0) + 1;
  }
  release() {
    for (const resolve of this.pending.splice(0)) resolve();
  }
}

async function live(seed) {
  const random = seeded(seed);
  const page = await openRoom();
  page.run("Math.random = chance", { chance: seeded(seed) });
  const life = new RoomLife(page, random);
  const watcher = new Watcher(page.room, random);
  if (random() < 0.7) watcher.attach(life);
  if (random() < 0.25) page.node.socketsAre = "refuse"; // after the first cut, events carry all
  for (let step = 0; step < STEPS; step++) {
    await life.happen();
    if (random() < 0.3) watcher.send(step);
    if (random() < 0.3) watcher.release();
    if (random() < 0.4) await settle();
  }
  if (!page.room.onMessage) watcher.attach(life);
  await life.rest();
  for (let turn = 0; watcher.pending.length > 0 || turn < 3; turn++) {
    watcher.release();
    await settle();
  }
  await page.clock.advance(1);
  return { life, watcher, ...page };
}

function judge({ life, watcher, room, node }) {
  assert.deepEqual(watcher.violations, []);
  for (const entry of life.log.filter(isTold)) {
    if (entry.kind === "message") assert.ok(watcher.handed.has(entry.id), `R3: ${entry.id} was never handed out`);
  }
  const names = (members) => Array.from(members, ({ peerId }) => peerId);
  assert.deepEqual(names(room.members), names(life.members()));
  assert.deepEqual([...watcher.present].sort(), names(room.members).filter((id) => id !== "alice").sort());
  const ids = life.log.map(({ id }) => id).filter(Boolean);
  assert.equal(new Set(ids).size, ids.length);
  for (const [id, promises] of watcher.open) {
    assert.equal(promises, 0, `R2: ${id} waits for ever`);
    const there = ids.includes(id) || life.below.has(id);
    assert.ok(there || watcher.told.has(id), `R2: ${id} is gone, and the page was not told`);
  }
  // Members that came while nobody handled messages are acknowledged with what comes behind them.
  const done = node.of("subscribe").at(-1).handled?.[ROOM]?.[2];
  const behind = life.log.filter(isTold).findLastIndex(({ kind }) => kind === "message");
  const ends = life.log.filter(isTold).slice(Math.max(0, behind)).map(({ seq }) => seq);
  assert.ok(behind < 0 || ends.includes(life.acked) || ends.includes(done), "not all is acknowledged");
}

test(`${LIVES} lives of a page in a room`, async () => {
  const counts = {};
  const first = Number(process.env.SEED ?? 1);
  for (let seed = first; seed < first + LIVES; seed++) {
    try {
      const end = await live(seed);
      judge(end);
      for (const [name, count] of Object.entries(end.life.counts)) counts[name] = (counts[name] ?? 0) + count;
      const { node, printed } = end;
      const faults = printed.error.filter(([, words]) => !/ failed:$/.test(words));
      assert.deepEqual(faults.filter(([, words]) => !/messages are gone/.test(words)), []);
      counts.events = (counts.events ?? 0) + node.streams.length;
      counts.resent = (counts.resent ?? 0) + node.of("send").length - new Set(node.of("send").map(({ id }) => id)).size;
      counts.asked = (counts.asked ?? 0) + node.of("subscribe").filter(({ pending }) => pending?.[ROOM]).length;
      counts.lost = (counts.lost ?? 0) + end.watcher.told.size;
    } catch (error) {
      error.message = `life ${seed}: ${error.message}`;
      throw error;
    }
  }
  if (LIVES >= 60) for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `${name} never happened`);
  if (process.env.LIVES) console.log(counts);
});
