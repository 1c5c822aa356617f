// SPDX-License-Identifier: MIT
// Two who offer, change what they send, hang up and reload their pages, each whenever they like:
// they end in one connection, or in none. Generated; a seed that fails is named.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS, Pair, run } from "./call-world.mjs";

const RELOADS = Number(process.env.RELOADS ?? 400);

/** They start, one or both with an offer, and for a while things happen. */
async function begin(world) {
  const pair = new Pair(world, world.chance(0.7) ? [true, true] : [true, false]);
  for (let steps = Math.floor(world.random() * 60); steps > 0; steps--) {
    if (world.chance(0.2)) pair.act();
    await world.step();
  }
  return pair;
}

/** They are in one connection: what each sends now is agreed on, and each knows where the other is found. */
function agreed(sides, seed) {
  const [one, two] = sides.map(({ connections }) => connections.at(-1));
  for (const [own, other] of [[one, two], [two, one]]) {
    assert.equal(own.signalingState, "stable", `seed ${seed}`);
    const { by, nth } = own.remoteDescription.sdp;
    assert.ok(by === other && nth === other.localDescription.sdp.nth, `seed ${seed}: they agree on different things`);
    assert.deepEqual(other.found.filter((candidate) => !own.known.has(candidate)), [], `seed ${seed}`);
  }
  for (const { connections, tracks } of sides) {
    // One section of each kind, with what is sent now.
    const sections = connections.at(-1).getTransceivers().map(({ receiver, sender }) => [receiver.track.kind, sender.track]);
    assert.deepEqual(sections.sort(([a], [b]) => (a < b ? -1 : 1)), KINDS.map((kind) => [kind, tracks[kind]]), `seed ${seed}`);
  }
}

test("two who offer at once, and go on changing things, end in one connection", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const { sides } = await run(seed, begin);
    agreed(sides, seed);
    assert.ok(sides.every(({ connections }) => connections.length === 1), `seed ${seed}`);
  }
});

test("whoever loads the page anew, and whenever, the two end in one connection", async () => {
  for (let seed = 0; seed < RELOADS; seed++) {
    const { sides } = await run(seed, async (world) => {
      const pair = await begin(world);
      for (let more = world.chance(0.5) ? 1 : 3; more > 0; more--) {
        for (let steps = Math.floor(world.random() * 25); steps > 0; steps--) await world.step();
        pair.reload(world.chance(0.5) ? 1 : 0);
      }
      return pair;
    });
    agreed(sides, seed);
  }
});

test("whenever one of them hangs up, nothing is thrown and nothing waits", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const { sides } = await run(seed, async (world) => {
      const pair = await begin(world);
      const [first, second] = world.chance(0.5) ? pair.sides : [...pair.sides].reverse();
      first.link.close();
      for (let steps = Math.floor(world.random() * 8); steps > 0; steps--) {
        if (world.chance(0.3)) pair.act();
        await world.step();
      }
      second.link.close();
      const late = pair.sides.map(({ link }) => link.take({ type: "ice_candidate", candidate: { candidate: "late" } }));
      await Promise.all(late);
      return pair;
    });
    assert.ok(sides.every(({ connections }) => connections.every(({ signalingState }) => signalingState === "closed")), `seed ${seed}`);
  }
});
