// SPDX-License-Identifier: MIT
// Two connections that agree over a channel while everything takes as long as it likes: the
// browser's steps, the messages, the users. Generated; a seed that fails is named.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Link } from "../call/link.js";

const KINDS = ["audio", "video"];

function randomOf(seed) {
  let state = seed + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is due, done in any order; what stands in one lane stays in its order. */
class World {
  #due = [];
  constructor(seed) {
    this.random = randomOf(seed);
    this.chance = (share) => this.random() < share;
  }
  soon = (run, lane = Symbol()) => void this.#due.push({ run, lane });
  pause = () => new Promise((resolve) => this.soon(resolve));
  /** One thing; false when nothing is due. */
  async step() {
    const first = this.#due.filter(({ lane }, at) => this.#due.findIndex((other) => other.lane === lane) === at);
    const one = first[Math.floor(this.random() * first.length)];
    if (one) this.#due.splice(this.#due.indexOf(one), 1);
    one?.run();
    await new Promise((resolve) => setImmediate(resolve));
    return one !== undefined || this.#due.length > 0;
  }
}

/** As browsers have it: steps queue, a closed one answers no more, and offers may be rolled back. */
const connectionIn = (world) =>
  class {
    signalingState = "stable";
    connectionState = "new";
    localDescription = null;
    remoteDescription = null;
    #transceivers = [];
    #chain = Promise.resolve();
    #steps = 0;
    #needed = false;
    #restarts = false;
    #nth = 0;
    getTransceivers = () => this.#transceivers.filter(({ direction }) => direction !== "stopped");
    #invalid(name) {
      return new DOMException(`Failed to execute '${name}' on 'RTCPeerConnection': The signalingState is '${this.signalingState}'.`, "InvalidStateError");
    }
    /** In its turn. */
    #queue(name, step) {
      if (this.signalingState === "closed") return Promise.reject(this.#invalid(name));
      this.#steps++;
      const done = this.#chain.then(async () => {
        if (this.signalingState === "closed") throw this.#invalid(name);
        await world.pause();
        // Browsers differ in what becomes of a step that was under way when it was closed.
        if (this.signalingState === "closed" && world.chance(0.3)) throw this.#invalid(name);
        if (this.signalingState === "closed") return world.chance(0.5) ? undefined : new Promise(() => {});
        try {
          return step();
        } finally {
          if (--this.#steps === 0) this.#look();
        }
      });
      this.#chain = done.catch(() => {});
      return done;
    }
    #new(kind, mid, direction) {
      const connection = this;
      const transceiver = {
        mid,
        direction,
        receiver: { track: { kind } },
        sender: {
          track: null,
          setStreams() {},
          replaceTrack(track) {
            if (transceiver.direction === "stopped") return Promise.reject(connection.#invalid("replaceTrack"));
            return connection.#queue("replaceTrack", () => void (this.track = track));
          },
        },
        stop() {
          if (connection.signalingState === "closed") throw connection.#invalid("stop");
          this.direction = "stopped";
        },
      };
      this.#transceivers.push(transceiver);
      return transceiver;
    }
    addTransceiver(track, { direction }) {
      if (this.signalingState === "closed") throw this.#invalid("addTransceiver");
      const transceiver = this.#new(track.kind ?? track, null, direction);
      if (track.kind) transceiver.sender.track = track;
      this.#look();
    }
    restartIce() {
      this.#restarts = true;
      this.#look();
    }
    /** Whether an offer is needed: told when nothing else is under way, and not twice. */
    #look() {
      const needs = () => this.#restarts || this.getTransceivers().some(({ mid }) => mid === null);
      if (this.#needed || !needs()) return;
      world.soon(() => {
        if (this.#needed || this.#steps > 0 || this.signalingState !== "stable" || !needs()) return;
        this.#needed = true;
        this.onnegotiationneeded?.();
      });
    }
    #stable() {
      this.signalingState = "stable";
      this.#needed = false;
      this.#look();
    }
    setLocalDescription() {
      return this.#queue("setLocalDescription", () => {
        const offer = this.signalingState === "stable";
        if (!offer && this.signalingState !== "have-remote-offer") throw this.#invalid("setLocalDescription");
        const mids = () => this.#transceivers.filter(({ mid }) => mid !== null);
        if (offer) {
          for (const transceiver of this.getTransceivers()) {
            if (transceiver.mid !== null) continue;
            transceiver.own = true;
            transceiver.mid = String(mids().length);
          }
          this.restarting = this.#restarts;
          this.#restarts = false;
        }
        const sections = mids().map(({ mid, receiver }) => ({ mid, kind: receiver.track.kind }));
        const sdp = { by: this, nth: ++this.#nth, sections, answers: offer ? null : this.remoteDescription.sdp.nth };
        this.localDescription = { type: offer ? "offer" : "answer", sdp };
        if (offer) this.signalingState = "have-local-offer";
        else this.#stable();
        for (let more = 0; more < 2; more++) world.soon(() => this.onicecandidate?.({ candidate: { candidate: "one" } }));
      });
    }
    setRemoteDescription({ type, sdp }) {
      return this.#queue("setRemoteDescription", () => {
        if (type === "answer") {
          if (this.signalingState !== "have-local-offer") throw this.#invalid("setRemoteDescription");
          assert.equal(sdp.answers, this.localDescription.sdp.nth, "it answers another offer");
          for (const transceiver of this.#transceivers) transceiver.own = false;
          this.remoteDescription = { type, sdp };
          return this.#stable();
        }
        if (this.signalingState === "have-local-offer") {
          for (const transceiver of this.#transceivers) if (transceiver.own) transceiver.mid = null;
          this.#restarts ||= this.restarting;
        } else if (this.signalingState !== "stable") throw this.#invalid("setRemoteDescription");
        this.remoteDescription = { type, sdp };
        this.signalingState = "have-remote-offer";
        for (const { mid, kind } of sdp.sections) {
          const known = this.#transceivers.find((transceiver) => transceiver.mid === mid);
          this.ontrack?.({ track: (known ?? this.#new(kind, mid, "recvonly")).receiver.track });
        }
      });
    }
    addIceCandidate() {
      return this.#queue("addIceCandidate", () => assert.ok(this.remoteDescription));
    }
    close() {
      this.signalingState = "closed";
    }
  };

/** Two pages, each with a link of its own; what goes wrong is gathered. */
class Pair {
  wrong = [];
  waiting = 0;
  sides = [];
  constructor(world, offers) {
    this.world = world;
    offers.forEach((_, at) => this.open(at, offers[at]));
  }
  open(at, offers) {
    const tracks = { audio: null, video: null };
    const owner = {
      configuration: () => ({}),
      say: async (message) => {
        this.world.soon(() => this.#hear(1 - at, message), `to ${1 - at}`);
        await this.world.pause();
      },
      track: (kind) => tracks[kind],
      stream: {},
      onStream() {},
      onState() {},
    };
    const connections = [];
    globalThis.opened = (connection) => connections.push(connection);
    const link = new Link(owner, offers);
    this.sides[at] = { link, tracks, connections };
  }
  #hear(at, message) {
    const side = this.sides[at];
    globalThis.opened = (connection) => side.connections.push(connection);
    this.#watch(side.link.take(message));
  }
  #watch(done) {
    this.waiting++;
    done.catch((error) => this.wrong.push(error)).finally(() => this.waiting--);
  }
  /** Something a user or the network does. */
  act() {
    const side = this.sides[this.world.chance(0.5) ? 1 : 0];
    const kind = KINDS[this.world.chance(0.5) ? 1 : 0];
    if (this.world.chance(0.3)) return side.link.restart();
    side.tracks[kind] = this.world.chance(0.7) ? { kind } : null;
    this.#watch(side.link.send(kind));
  }
}

async function run(seed, play) {
  const world = new World(seed);
  const Connection = connectionIn(world);
  const printed = [];
  const thrown = (error) => printed.push(error);
  const before = { error: console.error, warn: console.warn };
  const { getRandomValues } = crypto;
  crypto.getRandomValues = (bytes) => bytes.map(() => world.random() * 256); // who gives way is of the seed, too
  globalThis.RTCPeerConnection = class extends Connection {
    constructor() {
      super();
      globalThis.opened(this);
    }
  };
  globalThis.MediaStream = class {
    addTrack() {}
  };
  console.error = console.warn = (...words) => printed.push(words.join(" "));
  process.on("unhandledRejection", thrown);
  try {
    const pair = await play(world);
    for (let left = 3_000; await world.step(); left--) assert.ok(left > 0, `seed ${seed}: they never agree`);
    assert.deepEqual([...pair.wrong, ...printed].map(String), [], `seed ${seed}`);
    assert.equal(pair.waiting, 0, `seed ${seed}: something waits for ever`);
    return pair;
  } finally {
    Object.assign(console, before);
    crypto.getRandomValues = getRandomValues;
    process.off("unhandledRejection", thrown);
    for (const name of ["RTCPeerConnection", "MediaStream", "opened"]) delete globalThis[name];
  }
}

/** They start, one or both with an offer, and for a while things happen. */
async function begin(world) {
  const pair = new Pair(world, world.chance(0.7) ? [true, true] : [true, false]);
  for (let steps = Math.floor(world.random() * 60); steps > 0; steps--) {
    if (world.chance(0.2)) pair.act();
    await world.step();
  }
  return pair;
}

test("two who offer at once, and go on changing things, end in one connection", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const { sides } = await run(seed, begin);
    const [one, two] = sides.map(({ connections }) => connections.at(-1));
    for (const [own, other] of [[one, two], [two, one]]) {
      assert.equal(own.signalingState, "stable", `seed ${seed}`);
      assert.equal(own.remoteDescription.sdp, other.localDescription.sdp, `seed ${seed}: they agree on different things`);
    }
    for (const { connections, tracks } of sides) {
      assert.equal(connections.length, 1, `seed ${seed}`);
      // One section of each kind, with what is sent now.
      const sections = connections[0].getTransceivers().map(({ receiver, sender }) => [receiver.track.kind, sender.track]);
      assert.deepEqual(sections.sort(([a], [b]) => (a < b ? -1 : 1)), KINDS.map((kind) => [kind, tracks[kind]]), `seed ${seed}`);
    }
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
