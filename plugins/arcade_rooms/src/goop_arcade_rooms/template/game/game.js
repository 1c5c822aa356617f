// SPDX-License-Identifier: MIT
// One page's game, without anything that is drawn or heard: what was said, what is decided, and what a
// moment looks like.
import { Clock } from "./clock.js";
import { flies, shotMeets } from "./contact.js";
import { March } from "./march.js";
import { Referee } from "./referee.js";
import { FIELD, SHIP, SHIPS, SHOT, TICKS } from "./rules.js";
import { NOTHING, after, without } from "./state.js";
import { Track } from "./tracks.js";

/**
 * @import { Shot } from "./contact.js"
 * @import { Ship, State } from "./state.js"
 * @typedef {{ type: string, [key: string]: unknown }} Message
 */

/** How often the host tells the time, and a ship where it is. */
const CLOCK_MS = 250;
const POSITION_MS = 1000 / 30;
/** A shot that says it left longer ago, or later, than this is taken as if it had not. */
const LATEST_SHOT = 45;
/** A ship does not leap, however long ago the last frame was. */
const LONGEST_STEP = TICKS / 10;
/** How long one's own hit is believed before the host has said so. */
const GUESS = 45;
/** Where ships begin, as parts of the way across: between the shields. */
const START = [0.5, 0.28, 0.72, 0.95];

export class Game {
  /**
   * @param {string} self  peer id of this page's node
   * @param {(message: Message) => void} send
   */
  constructor(self, send) {
    this.self = self;
    this.send = send;
    this.host = "";
    /** @type {Set<string>} */
    this.members = new Set([self]);
    /** @type {State} */
    this.state = NOTHING;
    /** @type {March | null} */
    this.march = null;
    /** @type {Map<string, Shot>} */
    this.shots = new Map();
    /** Aliens that one's own shots have hit here: when, and by which. @type {Map<number, { tick: number, shot: string }>} */
    this.guesses = new Map();
    /** @type {Map<string, Track>} */
    this.tracks = new Map();
    this.clock = new Clock();
    this.referee = new Referee();
    this.keys = { left: false, right: false, fire: false };
    this.x = 0;
    /** Where other pages of one's own have told that it is. @type {number | null} */
    this.place = null;
    this.fired = -Infinity;
    this.told = { clock: -Infinity, x: NaN, at: -Infinity };
    this.moved = 0;
  }

  get leads() {
    return this.host === this.self;
  }

  /** One's own ship in this round. */
  get ship() {
    return this.state.ships.find(({ peerId }) => peerId === this.self) ?? null;
  }

  // -- what is told here

  /**
   * @param {string} peerId
   * @param {number} now  milliseconds of this page, like every `now` here
   */
  hostIs(peerId, now) {
    if (peerId === this.host) return;
    this.host = peerId;
    if (this.leads) this.clock.lead(now);
    else {
      this.clock.follow();
      this.referee.rest();
    }
  }

  /** @param {string} peerId */
  comes(peerId) {
    this.members.add(peerId);
    this.told.x = NaN; // they are told where this ship is
  }

  /** @param {string} peerId */
  goes(peerId) {
    this.members.delete(peerId);
    this.tracks.delete(peerId);
    this.state = without(this.state, peerId);
  }

  /**
   * Something was said in the room, by whom and when it may be.
   * @param {string} from
   * @param {any} message
   * @param {number} now
   */
  said(from, message, now) {
    const tick = Math.floor(this.clock.at(now));
    switch (message?.type) {
      case "position":
        if (from !== this.self) this.#track(from).add(Number(message.x), now);
        else this.#placed(Number(message.x));
        return;
      case "clock":
        if (from === this.host && !this.leads) this.clock.hear(Number(message.tick), now);
        return;
      case "shoot":
        return this.#shoot(from, message, tick);
      default:
        return this.#fold(after(this.state, from, message), () => this.clock.restart(now));
    }
  }

  /**
   * The room's state as it is known otherwise: after a reload, or when it was ordered anew.
   * @param {State} state
   * @param {number | null} tick  the newest that was told in it, and what has gone by since; null where
   *   this page has the time already
   * @param {number} now
   * @param {number} fired  the tick of one's own last shot
   */
  restore(state, tick, now, fired) {
    const { x } = this;
    this.state = NOTHING;
    this.march = null;
    this.#fold(state, () => tick !== null && this.clock.set(tick, now));
    this.fired = fired;
    if (tick === null) this.x = x;
    else if (this.place !== null) this.x = this.place;
  }

  /** One's own ship was steered from another page, or from this one before it was loaded anew. @param {number} x */
  #placed(x) {
    this.place = x;
    if (!this.keys.left && !this.keys.right) this.x = this.told.x = x;
  }

  /** @param {string} peerId */
  #track(peerId) {
    const track = this.tracks.get(peerId) ?? new Track();
    this.tracks.set(peerId, track);
    return track;
  }

  /** @param {string} from @param {any} message @param {number} tick */
  #shoot(from, { x, y, tick: at }, tick) {
    // A ship shoots once in a tick at most.
    const id = `${from} ${Number.isSafeInteger(at) ? at : tick}`;
    const left = Number.isSafeInteger(at) && Math.abs(at - tick) <= LATEST_SHOT ? at : tick;
    if (!this.shots.has(id)) this.shots.set(id, { id, from, x: Number(x), y: Number(y), tick: left });
  }

  /**
   * @param {State} state
   * @param {() => void} begin  what a new round does to the clock
   */
  #fold(state, begin) {
    const before = this.state;
    this.state = state;
    if (state.round !== before.round) {
      begin();
      this.#round(state);
    }
    if (state.wave !== before.wave || state.round !== before.round) {
      for (const id of before.spent) this.shots.delete(id);
      const { seed, wave, waveTick, ships } = state;
      this.march = wave > 0 ? new March({ seed, wave, tick: waveTick, ships: ships.length }) : null;
      this.guesses.clear();
    }
    for (const [alien, tick] of state.hits) this.march?.hit(alien, tick);
  }

  /** @param {State} state */
  #round({ ships }) {
    this.shots.clear();
    this.referee.rest();
    const slot = ships.findIndex(({ peerId }) => peerId === this.self);
    if (slot >= 0) this.x = START[slot] * (FIELD.width - SHIP.width);
    this.fired = -Infinity;
  }

  // -- what this page says

  /** @param {Message} message @param {number} now */
  #say(message, now) {
    this.send(message);
    this.said(this.self, message, now);
  }

  /** @param {boolean} ready @param {number} now */
  ready(ready, now) {
    this.#say({ type: "ready", ready }, now);
  }

  /**
   * The host begins a round with those who are ready, the first to be so first.
   * @param {"together" | "versus"} mode
   * @param {number} seed
   * @param {number} now
   */
  start(mode, seed, now) {
    const ships = this.state.ready.filter((peerId) => this.members.has(peerId)).slice(0, SHIPS);
    if (this.leads && ships.length > 0) this.#say({ type: "start", mode, seed, ships }, now);
  }

  /** A step of the game; as often as there is a frame, and now and then where there is none. @param {number} now */
  step(now) {
    const tick = this.clock.at(now);
    this.#move(tick, now);
    const whole = Math.floor(tick);
    if (this.leads && this.state.phase === "playing") {
      this.referee.judge(() => this, whole, (message) => this.#say(message, now));
    }
    if (this.leads && now - this.told.clock >= CLOCK_MS && this.state.phase === "playing") {
      this.told.clock = now;
      this.send({ type: "clock", tick: Math.round(this.clock.at(now)) });
    }
    for (const [id, shot] of this.shots) if (!flies(shot, whole - LATEST_SHOT)) this.shots.delete(id);
    this.#guess(whole);
  }

  /** @param {number} tick @param {number} now */
  #move(tick, now) {
    const ticks = Math.min(LONGEST_STEP, Math.max(0, tick - this.moved));
    this.moved = tick;
    const { ship, keys } = this;
    if (this.state.phase !== "playing" || !ship || ship.lives === 0) return;
    this.x += (Number(keys.right) - Number(keys.left)) * SHIP.speed * ticks;
    this.x = Math.max(0, Math.min(FIELD.width - SHIP.width, this.x));
    const x = Math.round(this.x * 10) / 10;
    if (x !== this.told.x && now - this.told.at >= POSITION_MS) {
      Object.assign(this.told, { x, at: now });
      this.send({ type: "position", x, y: SHIP.y });
    }
    if (keys.fire) this.#fire(Math.floor(tick), now);
  }

  /** @param {number} tick @param {number} now */
  #fire(tick, now) {
    const mine = [...this.shots.values()].filter(
      (shot) => shot.from === this.self && flies(shot, tick) && !this.state.spent.has(shot.id) && !this.#guessed(shot.id),
    );
    if (Math.abs(tick - this.fired) < SHOT.pause || mine.length >= SHOT.most) return;
    this.fired = tick;
    const x = Math.round((this.x + SHIP.width / 2) * 10) / 10;
    this.#say({ type: "shoot", x, y: SHIP.y, direction: "up", tick }, now);
  }

  /** @param {string} shot */
  #guessed(shot) {
    return [...this.guesses.values()].some((guess) => guess.shot === shot);
  }

  /** What one's own shots hit is shown at once; the host's word decides. @param {number} tick */
  #guess(tick) {
    for (const [alien, guess] of this.guesses) {
      if (tick - guess.tick > GUESS || this.state.hits.has(alien)) this.guesses.delete(alien);
    }
    const { march } = this;
    if (this.leads || !march || this.state.phase !== "playing") return;
    for (const shot of this.shots.values()) {
      if (shot.from !== this.self || this.state.spent.has(shot.id) || this.#guessed(shot.id) || !flies(shot, tick)) continue;
      const met = shotMeets(this.state, march, shot, tick);
      if (met?.what === "alien" && !this.guesses.has(Number(met.alien))) {
        this.guesses.set(Number(met.alien), { tick, shot: shot.id });
      }
    }
  }

  // -- what the referee looks at

  /** @param {Ship} ship @returns {number | null} */
  placeOf({ peerId }) {
    return peerId === this.self ? this.x : (this.tracks.get(peerId)?.newest ?? null);
  }

  /** @param {string} peerId */
  present(peerId) {
    return this.members.has(peerId);
  }
}
